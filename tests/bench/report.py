"""What scripts/bench has measured, as tables of the documentation and as charts."""

from __future__ import annotations

from typing import Any

from plots import Axis, Line, chart

Figures = dict[str, Any]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table: names on the left, numbers on the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _us(value: float) -> str:
    return f"{value:.0f} µs"


def _ms(value: float) -> str:
    return f"{value / 1e3:.2f} ms"


# ---------------------------------------------------------------- one avatar


def _frame_rows(m: Figures) -> list[tuple[str, str]]:
    per = m["compose_per_copy"], m["view_per_copy"]
    over = m["python_per_c"], m["python_fresh_per_c"]
    rows = [
        ("audio to BGR frame, into the caller's buffer", _ms(m["compose_us"])),
        ("- slowest 1 %", _ms(m["compose_p99_us"])),
        ("- slowest 1 %, without what others did on the core", _ms(m["compose_p99_cpu_us"])),
        ("- beside copying a BGR frame", f"{per[0]:.1f}"),
        ("audio to BGR frame, borrowed", _ms(m["lent_us"])),
        ("audio to I420 frame, borrowed", _ms(m["view_us"])),
        ("- beside copying an I420 frame", f"{per[1]:.1f}"),
        ("Python with `out=`, over the bare C function", f"{100 * (over[0] - 1):.1f} %"),
        ("Python with an array for each frame", f"{100 * (over[1] - 1):.1f} %"),
        ("load and first frame, C", f"{m['load_first_ms']:.0f} ms"),
        ("- of it the avatar", f"{m['load_ms']:.0f} ms"),
        ("- reading the file and nothing else", f"{m['read_ms']:.0f} ms"),
        ("load and first frame, Python, after its imports", f"{m['python_load_first_ms']:.0f} ms"),
        ("imports", f"{m['import_ms']:.0f} ms"),
    ]
    if "ort_load_first_ms" in m:
        rows.append(("load and first frame, ONNX Runtime", f"{m['ort_load_first_ms']:.0f} ms"))
    if "opencv_us" in m:
        best, plain = m["opencv_us"], m["opencv_plain_us"]
        rows += [
            ("OpenCV and NumPy, at their best", _ms(best)),
            ("- over our BGR frame", f"{best / m['compose_us']:.1f}"),
            ("- over our borrowed I420 frame", f"{best / m['view_us']:.1f}"),
            ("OpenCV and NumPy, as first written", _ms(plain)),
            ("- over our BGR frame", f"{plain / m['compose_us']:.0f}"),
        ]
    return rows


def frame_table(avatars: Figures) -> str:
    """What a frame costs, a column for each avatar."""
    columns = [_frame_rows(m) for m in avatars.values()]
    head = ["", *(f"{name} ({m['source_frames']:.0f} frames)" for name, m in avatars.items())]
    return table(head, [[cells[0][0], *(c[1] for c in cells)] for cells in zip(*columns)])


STAGES = {
    "mel": "spectrum and log-mel",
    "encoder": "encoder, built in",
    "select": "selection among the mouths",
    "compose": "source frame and mouth put together",
    "output": "to BGR24, whole",
}


def stage_table(avatars: Figures) -> str:
    """Where the time of a BGR frame goes."""
    rows = [
        [words, *(_us(m["stage_us"][name]) for m in avatars.values())]
        for name, words in STAGES.items()
    ]
    return table(["stage", *avatars], rows)


def length_table(lengths: Figures) -> str:
    """Utterances of other lengths."""
    rows = [
        [
            f"{int(seconds)} s",
            *(_us(m[key]) for key in ("push_us", "first_us", "last_us", "view_us")),
        ]
        for seconds, m in lengths.items()
    ]
    return table(["audio", "push, per frame", "first second", "last second", "all"], rows)


def size_table(sizes: Figures) -> str:
    """The bench avatar in other sizes."""
    rows = []
    for size, m in sizes.items():
        pixels = m["stage_us"]["compose"] + m["stage_us"]["output"]
        rows.append(
            [
                size.replace("x", " x "),
                _us(m["compose_us"]),
                f"{m['compose_per_copy']:.1f}",
                _us(m["view_us"]),
                f"{m['view_per_copy']:.1f}",
                _us(pixels / (m["width"] * m["height"] / 1e6)),
            ]
        )
    beside = "beside a copy"
    head = ["bench avatar", "BGR", beside, "I420", beside, "picture stages, per megapixel"]
    return table(head, rows)


# ---------------------------------------------------------------- sessions


def _rate(row: Figures) -> float:
    return float(row["frames"] / row["seconds"])


def session_table(live: Figures) -> str:
    """Sessions in real time, the engine's and those with a JPEG for each frame."""
    rows = []
    for kind, words in (("engine", ""), ("jpeg", ", a JPEG a frame")):
        for row in live[kind]:
            late = row["late"]
            rows.append(
                [
                    f"{row['sessions']} for {row['seconds']:.0f} s{words}",
                    f"{late['p50']:.1f}, {late['p99']:.1f}, {late['p999']:.1f}, {late['max']:.1f}",
                    str(row["over_40_ms"]),
                    f"{_rate(row):.0f} of {25 * row['sessions']}",
                    f"{row['busy']:.2f}",
                ]
            )
    late_head = "late, ms: p50, p99, p99.9, most"
    return table(["sessions", late_head, "over 40 ms", "frames a second", "cores busy"], rows)


def _by_sessions(rows: list[Figures], key: str) -> list[tuple[float, float]]:
    return sorted(
        (row["sessions"], _rate(row) if key == "rate" else row[key])
        for row in rows
        if row["seconds"] < 60 or len(rows) == 1
    )


def charts(report: Figures) -> dict[str, str]:
    """Files of docs/images, by name."""
    found = {}
    live = report.get("live")
    if live:
        most = max(row["sessions"] for row in live["engine"])
        wanted = [(1.0, 25.0), (float(most), 25.0 * most)]
        lines = [
            Line("the engine", _by_sessions(live["engine"], "rate")),
            Line("a JPEG for each frame", _by_sessions(live["jpeg"], "rate")),
            Line("25 for each session", wanted, dashed=True),
        ]
        across = Axis("live sessions in one process", 0, most)
        up = Axis("frames a second, all sessions", 0, 25 * most)
        found["sessions.svg"] = chart("Frames that live sessions are given", across, up, lines)
        memory = _by_sessions(live["engine"], "resident_mb")
        up = Axis("resident memory, MB", 0, 1.1 * max(mb for _, mb in memory))
        found["memory.svg"] = chart(
            "Memory of one process", across, up, [Line("bundled avatar, BGR", memory)]
        )
    if report.get("avatars"):
        found["latency.svg"] = _latency_chart(list(report["avatars"].values())[-1])
    return found


def _latency_chart(m: Figures) -> str:
    names = {
        "compose": "BGR, into a buffer",
        "copy": "copying a BGR frame",
        "view": "I420, borrowed",
        "copy_i420": "copying an I420 frame",
    }
    lines = [
        Line(words, [(us, 100 * float(at)) for at, us in m[f"{name}_spread_us"].items()])
        for name, words in names.items()
    ]
    across = Axis("µs for a frame, audio to picture (to the right: slower)", 50, 1000, log=True)
    up = Axis("% of the frames were at most so slow", 0, 100)
    return chart("How long frames take", across, up, lines)


# ---------------------------------------------------------------- memory


def memory_table(memory: Figures) -> str:
    """Python processes that play."""
    rows = [
        [label, *(f"{m[key]:.0f} MB" for key in ("own_mb", "over_mb", "peak_mb"))]
        for label, m in memory["rows"].items()
    ]
    return table(["", "Python, NumPy, the package", "the avatar, playing", "together"], rows)


def mode_table(modes: Figures) -> str:
    """Ways of loading and storing pictures."""
    rows = []
    for name, m in modes.items():
        resident = f"{m['now_mb']:.0f} MB"
        if m["file_mb"] > 20:
            resident += f", of which {m['file_mb']:.0f} can be paged out"
        times = [f"{m['paced_us'] / 1e3:.2f}, {m['paced_p99_us'] / 1e3:.2f} ms"]
        rows.append([name, *times, f"{m['all_us'] / 1e3:.2f} ms", resident])
    return table(["", "caller: median, p99", "all", "resident"], rows)


# ---------------------------------------------------------------- goals


def _goal(what: str, goal: str, value: float, limit: float, shown: str) -> list[str]:
    return [what, goal, shown, "yes" if value <= limit else "**no**"]


def _frame_goals(m: Figures) -> list[list[str]]:
    over = 100 * (m["python_per_c"] - 1), 100 * (m["python_fresh_per_c"] - 1)
    bgr, i420, slow = m["compose_us"], m["view_us"], m["compose_p99_cpu_us"]
    rows = [
        _goal("BGR frame into a buffer", "0.40 ms", bgr, 400, _ms(bgr)),
        _goal("- slowest 1 %, on the core alone", "1 ms", slow, 1000, _ms(slow)),
        _ratio_goal("- beside copying it", m["compose_per_copy"], 3),
        _goal("I420 frame, borrowed", "0.20 ms", i420, 200, _ms(i420)),
        _ratio_goal("- beside copying it", m["view_per_copy"], 2),
        _goal("Python over C, `out=`", "2 %", over[0], 2, f"{over[0]:.1f} %"),
        _goal("Python over C, arrays", "10 %", over[1], 10, f"{over[1]:.1f} %"),
        _time_goal("load and first frame", m["load_first_ms"], 25),
        _time_goal("the same in Python, after its imports", m["python_load_first_ms"], 25),
    ]
    if "ort_load_first_ms" in m:
        rows.append(_time_goal("the same by ONNX Runtime, C", m["ort_load_first_ms"], 60))
    if "opencv_us" in m:
        for key, words in (("opencv_us", "at their best"), ("opencv_plain_us", "as first written")):
            times = m[key] / m["compose_us"]
            rows.append(
                [f"OpenCV and NumPy {words}", "10 times", f"{times:.1f}", _yes(times >= 10)]
            )
    return rows


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _ratio_goal(what: str, value: float, limit: float) -> list[str]:
    return _goal(what, f"{limit:g} times", value, limit, f"{value:.1f}")


def _time_goal(what: str, value: float, limit: float) -> list[str]:
    return _goal(what, f"{limit:g} ms", value, limit, f"{value:.0f} ms")


def _memory_goals(memory: Figures) -> list[list[str]]:
    return [
        _goal(
            f"peak memory, {label}", f"{m['limit_mb']:g} MB", m[m["limited"]], m["limit_mb"],
            f"{m[m['limited']]:.0f} MB",
        )
        for label, m in memory["rows"].items()
        if "limit_mb" in m
    ]  # fmt: skip


def _live_goals(live: Figures) -> list[list[str]]:
    longest = max(live["engine"], key=lambda row: (row["seconds"], row["sessions"]))
    each = next(row["session_mb"] for row in live["engine"] if row["sessions"] >= 10)
    what = f"{longest['sessions']} sessions for {longest['seconds']:.0f} s, frames over 40 ms late"
    late = longest["over_40_ms"]
    return [
        _goal("each further session", "5 MB", each, 5, f"{each:.1f} MB"),
        _goal(what, "none", late, 0, f"{late} of {longest['frames']}"),
    ]


def goal_table(report: Figures) -> str:
    """What was wanted of the bench avatar, and what became of it."""
    rows = _frame_goals(list(report["avatars"].values())[-1])
    rows += _memory_goals(report["memory"]) + _live_goals(report["live"])
    return table(["bench avatar", "at most (OpenCV: at least)", "measured", "met"], rows)


def performance_texts(report: Figures) -> dict[str, str]:
    """The tables of docs/performance.md that the report has figures for."""
    made = {
        "frame": ("avatars", frame_table),
        "stages": ("avatars", stage_table),
        "lengths": ("lengths", length_table),
        "sizes": ("sizes", size_table),
        "sessions": ("live", session_table),
    }
    texts = {name: make(report[key]) for name, (key, make) in made.items() if report.get(key)}
    if all(report.get(key) for key in ("avatars", "memory", "live")):
        texts["goals"] = goal_table(report)
    return {**texts, "machine": report["machine"]}


def memory_texts(report: Figures) -> dict[str, str]:
    """The same of docs/memory.md."""
    memory = report.get("memory")
    if not memory:
        return {}
    return {"memory": memory_table(memory), "modes": mode_table(memory["modes"])}
