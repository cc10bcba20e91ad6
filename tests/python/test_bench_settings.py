"""scripts/bench_settings: what it starts works, and what it writes stays between its markers."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import ELSEWHERE, REPO, TINY, environment, package_folder

SCRIPT = REPO / "scripts" / "bench_settings"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    loader = SourceFileLoader("bench_settings", str(SCRIPT))
    spec = importlib.util.spec_from_loader("bench_settings", loader)
    assert spec is not None
    module = sys.modules["bench_settings"] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def report(bench: ModuleType, value: float) -> dict[str, Any]:
    """One in which every figure is the same."""
    rows: dict[str, dict[str, float]] = {}
    for group in bench.GROUPS:
        for row in group.rows:
            figures = {key: value for column in group.columns for key in column.keys}
            rows.setdefault(bench.key_of(group, row), {}).update(figures)
    sizing = [{"sessions": n, "late.p50": value} for n in (1, 10)]
    return {"rows": rows, "sizing": sizing, "machine": f"machine {value}"}


def page(bench: ModuleType, folder: Path) -> Path:
    """A page with all markers and a line before and after each pair."""
    parts = ["top"]
    for name in [group.name for group in bench.GROUPS] + ["sizing", "machine"]:
        parts += [f"<!-- measured: {name} -->", "old", f"<!-- /measured: {name} -->", f"end {name}"]
    path = folder / "page.md"
    path.write_text("\n".join(parts) + "\n")
    return path


def test_tables_are_written_between_their_markers(bench: ModuleType, tmp_path: Path) -> None:
    path = page(bench, tmp_path)
    outside = [line for line in path.read_text().splitlines() if line != "old"]
    bench.pages.write(path, bench.tables(report(bench, 1.5)))
    first = path.read_text()
    assert "old" not in first
    bench.pages.write(path, bench.tables(report(bench, 2.5)))
    assert "1.5" not in path.read_text()
    bench.pages.write(path, bench.tables(report(bench, 1.5)))
    assert path.read_text() == first
    written = {
        line for text in bench.tables(report(bench, 1.5)).values() for line in text.split("\n")
    }
    assert [line for line in first.splitlines() if line not in written] == outside
    heads = [line for line in first.splitlines() if line.startswith("|---")]
    assert len(heads) == len(bench.GROUPS) + 1


def test_some_tables_leave_the_others(bench: ModuleType, tmp_path: Path) -> None:
    path, some = page(bench, tmp_path), report(bench, 1.5)
    (gap,) = [group for group in bench.GROUPS if group.name == "gap"]
    some["rows"] = {
        bench.key_of(gap, row): some["rows"][bench.key_of(gap, row)] for row in gap.rows
    }
    some["sizing"] = []
    bench.pages.write(path, bench.tables(some))
    assert path.read_text().count("old") == len(bench.GROUPS)
    assert set(bench.tables(some)) == {"gap", "machine"}


def test_a_page_without_a_marker_is_left(bench: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("nothing")
    with pytest.raises(SystemExit, match="does not have '<!-- measured: lookahead -->'"):
        bench.pages.write(path, bench.tables(report(bench, 1.5)))
    assert path.read_text() == "nothing"


def test_medians(bench: ModuleType) -> None:
    rounds = [{"a": bench.flat({"x": {"p50": n}, "y": n, "s": "text"})} for n in (1, 9, 2)]
    assert bench.medians(rounds) == {"a": {"x.p50": 2, "y": 2}}


def test_each_row_is_of_arguments_that_exist(bench: ModuleType) -> None:
    from dataclasses import replace

    from bithuman_ctypes import AsyncBithuman, profiles
    from bithuman_ctypes.settings import Settings

    for group in bench.GROUPS:
        for row in group.rows:
            AsyncBithuman(**row.spec.get("create", {}))
            replace(Settings(), **row.spec.get("settings", {}))
            assert "profile" not in row.spec or row.spec["profile"] in profiles.__all__
    assert len({group.name for group in bench.GROUPS}) == len(bench.GROUPS)


def test_a_session_is_measured(bench: ModuleType) -> None:
    speech = package_folder() / "assets" / "speech.wav"
    spec = {"scenario": "queue", "create": {"input_buffer_size": 160_000}}
    done = subprocess.run(
        [sys.executable, str(bench.CHILD), str(TINY), str(speech), json.dumps(spec)],
        env=environment(),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["accepted_s"] == 5
    assert found["peak_mb"] >= found["private_mb"] > 0
