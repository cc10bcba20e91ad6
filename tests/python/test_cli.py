"""essence-render, from the command line to the file and back."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from support import (
    ELSEWHERE,
    RENDER,
    TINY,
    damaged,
    environment,
    package_folder,
    render,
    run_python,
    tone,
)

SPEECH = package_folder() / "assets" / "speech.wav"
FRAME = 160 * 96 * 3


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """One second of a tone, in a folder of its own."""
    path = tmp_path / "in" / "second.wav"
    path.parent.mkdir()
    soundfile.write(path, tone(1.0), 16000)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for output."""
    path = tmp_path / "out"
    path.mkdir()
    return path


def seconds(stream: Any) -> Fraction:
    return Fraction(stream.duration * stream.time_base)


def lines(result: subprocess.CompletedProcess[bytes]) -> list[str]:
    return result.stderr.decode().splitlines()


def test_speech_to_mp4(out: Path) -> None:
    path = out / "hello.mp4"
    result = render("--model", TINY, "--audio", SPEECH, "--output", path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == b""
    banner, loaded, composed, wrote = lines(result)
    assert re.fullmatch(r"essence-render \S+ \(core \S+, ABI 6\)", banner)
    assert re.fullmatch(
        r"loaded   .*tiny\.imx in \d+ ms: 160x96, 19 clusters, 6 source frames, encoder on cpu",
        loaded,
    )
    assert re.fullmatch(
        r"composed 242 frames in \d+\.\d\d s: \d+\.\d\d ms per frame, \d+ fps .*", composed
    )
    assert re.fullmatch(r"wrote    .*hello\.mp4: 242 frames, 9\.68 s, \d+\.\d\d MB", wrote)
    assert [p.name for p in out.iterdir()] == ["hello.mp4"]

    said, rate = soundfile.read(SPEECH, dtype="float32")
    with av.open(str(path)) as container:
        video: Any = container.streams.video[0]
        sound = container.streams.audio[0]
        assert (video.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (160, 96, 25)
        lengths = [seconds(stream) for stream in (video, sound)]
        assert lengths[0] == Fraction(242, 25)
        assert abs(lengths[0] - lengths[1]) < Fraction(1, 25)
        assert sum(1 for _ in container.decode(video=0)) == 242
        container.seek(0)
        parts: list[Any] = [frame.to_ndarray() for frame in container.decode(audio=0)]
        assert sound.rate == rate
    heard = np.concatenate(parts, axis=1)[0][: len(said)]
    assert np.corrcoef(heard, said[: len(heard)])[0, 1] > 0.99


def test_without_arguments_the_bundled_ones_are_used(out: Path) -> None:
    result = render("--output", out / "hello.mp4", "--limit", 30)
    assert result.returncode == 0, result.stderr
    assert "1248x704" in lines(result)[1]
    assert "30 frames, 1.20 s" in lines(result)[3]


def test_raw_frames_on_standard_output(second: Path) -> None:
    result = render("--model", TINY, "--audio", second, "--output", "-")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout) == 25 * FRAME
    assert len(lines(result)) == 4
    assert "25 frames" in lines(result)[3]
    frames = np.frombuffer(result.stdout, np.uint8).reshape(25, 96, 160, 3)
    assert frames.std() > 10


def test_raw_frames_are_what_compose_gives(second: Path) -> None:
    import bithuman_ctypes as bh

    result = render("--model", TINY, "--audio", second, "--output", "-", "--size", "100x50")
    with bh.open(TINY) as avatar:
        frames = [f.bgr.tobytes() for f in avatar.compose(second, output_size=(100, 50))]
    assert result.stdout == b"".join(frames)


def test_the_console_script(second: Path, out: Path) -> None:
    code = (
        "import sys; from bithuman_ctypes.cli.main import essence_render\n"
        "sys.exit(essence_render(sys.argv[1:]))"
    )
    arguments = ["--model", TINY, "--audio", second, "--output", out / "a.mp4"]
    result = run_python(code, *map(str, arguments))
    assert result.returncode == 0, result.stderr
    assert (out / "a.mp4").is_file()
    installed = shutil.which("essence-render", path=os.path.dirname(sys.executable))
    if installed:
        version = subprocess.run([installed, "--version"], capture_output=True, check=True)
        assert version.stdout.startswith(b"essence-render ")


def test_help_names_every_option() -> None:
    text = render("--help").stdout.decode()
    options = "model audio output fps quality ep threads no-audio size limit"
    for option in options.split(" "):
        assert f"--{option}" in text


def test_options(second: Path, out: Path) -> None:
    path = out / "a.mp4"
    options: list[object] = ["--model", TINY, "--audio", second, "--output", path]
    options += ["--no-audio", "--size", "320x240", "--limit", 10, "--fps", 50, "--threads", 2]
    result = render(*options, "--quality", 10, "--ep", "auto")
    assert result.returncode == 0, result.stderr
    with av.open(str(path)) as container:
        video: Any = container.streams.video[0]
        assert not container.streams.audio
        assert (video.width, video.height, video.frames, video.average_rate) == (320, 240, 20, 50)
    small = path.stat().st_size
    assert render(*options, "--quality", 100).returncode == 0
    assert path.stat().st_size > 1.5 * small


def test_a_provider_that_is_not_there_is_reported(second: Path, out: Path) -> None:
    result = render("--model", TINY, "--audio", second, "--output", out / "a.mp4", "--ep", "coreml")
    assert result.returncode == 0
    assert lines(result)[1].endswith("encoder on cpu (coreml is not available)")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--fps", "0"), ("--fps", "121"), ("--fps", "x"), ("--fps", "1/0"), ("--quality", "0"),
        ("--quality", "101"), ("--ep", "tpu"), ("--threads", "0"), ("--size", "10"),
        ("--size", "0x10"), ("--size", "10x9000"), ("--size", "-4x8"), ("--limit", "0"),
        ("--limit", "1.5"), ("--nonsense", "1"),
    ],
)  # fmt: skip
def test_wrong_options(option: str, value: str) -> None:
    result = render("--output", "x.mp4", f"{option}={value}")
    assert result.returncode == 2
    assert option in lines(result)[-1]


# ------------------------------------------------------------------ what can go wrong

FAILURES = {
    "missing audio": (66, ["--audio", "{in}/no.wav"], "no.wav: No such file or directory"),
    "folder as audio": (65, ["--audio", "{in}"], "is a folder"),
    "text as audio": (65, ["--audio", "{in}/text.wav"], "cannot read the audio"),
    "empty audio": (65, ["--audio", "{in}/empty.wav"], "is empty"),
    "damaged audio": (65, ["--audio", "{in}/damaged.mp3"], "is damaged: it ends after 2."),
    "a pipe as audio": (65, ["--audio", "{in}/pipe"], "is a pipe, which cannot be read"),
    "missing model": (66, ["--model", "{in}/no.imx"], "no.imx"),
    "text as model": (65, ["--model", "{in}/text.wav"], "text.wav"),
    "cut model": (65, ["--model", "{in}/cut.imx"], "cut.imx"),
    "missing folder": (73, ["--output", "{out}/no/a.mp4"], "No such file or directory"),
    "folder as output": (73, ["--output", "{out}/dir.mp4"], "not a regular file"),
    "file as folder": (73, ["--output", "{in}/text.wav/a.mp4"], "Not a directory"),
    "another format": (64, ["--output", "{out}/a.avi"], "MP4"),
    "odd size": (64, ["--size", "11x10"], "even"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures(name: str, second: Path, out: Path) -> None:
    status, changes, text = FAILURES[name]
    folder = second.parent
    (folder / "text.wav").write_text("not what it says")
    (folder / "cut.imx").write_bytes(TINY.read_bytes()[:5000])
    soundfile.write(folder / "empty.wav", np.zeros(0), 16000)
    (out / "dir.mp4").mkdir()
    damaged(folder, "mp3")
    os.mkfifo(folder / "pipe")
    before = sorted(folder.parent.rglob("*"))
    options = {"--model": str(TINY), "--audio": str(second), "--output": str(out / "a.mp4")}
    for key, value in zip(changes[::2], changes[1::2]):
        options[key] = value.replace("{in}", str(folder)).replace("{out}", str(out))
    result = render(*[part for pair in options.items() for part in pair])
    assert result.returncode == status, result.stderr
    last = lines(result)[-1]
    assert last.startswith("bithuman_ctypes render: ")
    assert text in last
    assert sum("bithuman_ctypes render: " in line for line in lines(result)) == 1
    assert "Traceback" not in result.stderr.decode()
    assert sorted(folder.parent.rglob("*")) == before, "nothing is left behind"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder closed to root too")
def test_a_folder_that_is_not_writable(second: Path) -> None:
    result = render("--model", TINY, "--audio", second, "--output", "/sys/kernel/a.mp4")
    assert result.returncode == 73, result.stderr
    assert "cannot write /sys/kernel/a.mp4: " in lines(result)[-1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(second: Path) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*RENDER, "--model", str(TINY), "--audio", str(second), "--output", "-"],
            env=environment(),
            cwd=ELSEWHERE,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert result.returncode == 73, result.stderr
    assert b"No space left" in result.stderr


def test_an_old_file_survives_a_failure(second: Path, out: Path) -> None:
    (out / "a.mp4").write_text("old")
    (second.parent / "bad.imx").write_text("bad")
    model = second.parent / "bad.imx"
    assert render("--model", model, "--audio", second, "--output", out / "a.mp4").returncode == 65
    assert (out / "a.mp4").read_text() == "old"


def test_a_reader_that_goes_away(second: Path) -> None:
    process = subprocess.Popen(
        [*RENDER, "--model", str(TINY), "--audio", str(SPEECH), "--output", "-"],
        env=environment(),
        cwd=ELSEWHERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1000)
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == 141
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


@pytest.mark.parametrize("missing", ["av", "soundfile"])
def test_what_to_install(second: Path, out: Path, missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from bithuman_ctypes.cli.main import essence_render\nsys.exit(essence_render())"
    )
    arguments = ["--model", TINY, "--audio", second, "--output", out / "a.mp4"]
    result = run_python(code, *map(str, arguments))
    assert result.returncode == 69
    assert result.stderr.splitlines()[-1].endswith("pip install av soundfile tqdm")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("option", ["--model", "--audio", "--output"])
def test_an_empty_name(option: str) -> None:
    result = render("--output", "x.mp4", option, "")
    assert result.returncode == 2
    assert lines(result)[-1].endswith(f"argument {option}: the name of the file is empty")


# ------------------------------------------------------------------ streams that are not there


def in_a_shell(redirection: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Runs the command with a redirection of the shell's."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *RENDER, *map(str, arguments)],
        env=environment(),
        cwd=ELSEWHERE,
        capture_output=True,
        timeout=60,
        check=False,
    )


NO_STDERR = ["2>&-", "2>/dev/full"]


@pytest.mark.parametrize("redirection", NO_STDERR)
def test_video_without_a_place_for_the_report(second: Path, redirection: str) -> None:
    arguments = ["--model", TINY, "--audio", second, "--output", "-"]
    result = in_a_shell(redirection, *arguments)
    assert result.returncode == 0
    assert len(result.stdout) == 25 * FRAME, "nothing of the report is among the frames"
    assert result.stdout == render(*arguments).stdout


@pytest.mark.parametrize("redirection", [*NO_STDERR, ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_file_without_a_place_for_the_report(second: Path, out: Path, redirection: str) -> None:
    path = out / "a.mp4"
    result = in_a_shell(redirection, "--model", TINY, "--audio", second, "--output", path)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 25


@pytest.mark.parametrize("redirection", NO_STDERR)
def test_an_error_without_a_place_for_it(out: Path, redirection: str) -> None:
    result = in_a_shell(redirection, "--model", "no.imx", "--output", out / "a.mp4")
    assert (result.returncode, result.stdout) == (66, b"")
    usage = in_a_shell(redirection, "--nonsense")
    assert (usage.returncode, usage.stdout) == (2, b"")


def test_video_without_standard_output(second: Path) -> None:
    result = in_a_shell(">&-", "--model", TINY, "--audio", second, "--output", "-")
    assert result.returncode == 73, result.stderr
    assert lines(result)[-1].endswith("cannot write to standard output: it is closed")


# ------------------------------------------------------------------ signals and terminals


INTERRUPTED_IMPORT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

from bithuman_ctypes.cli.main import essence_render
sys.meta_path.insert(0, Finder())
sys.exit(essence_render(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "name",
    [
        "bithuman_ctypes.errors", "argparse", "bithuman_ctypes.cli.render", "numpy",
        "datetime", "_cffi_backend", "bithuman_ctypes._ffi._tables", "av", "soundfile",
    ],
)  # fmt: skip
def test_interrupted_while_it_starts(second: Path, out: Path, name: str) -> None:
    arguments = ["--model", TINY, "--audio", second, "--output", out / "a.mp4"]
    result = run_python(INTERRUPTED_IMPORT, name, *map(str, arguments))
    assert result.returncode == 130, result.stderr
    assert result.stderr.splitlines()[-1] == "essence-render: interrupted"
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


INTERRUPTED_LOAD = """
import os, sys
from bithuman_ctypes._lowlevel import fixture
from bithuman_ctypes.cli.main import essence_render

load = fixture._load

def interrupted(*arguments):
    os.system(f"(sleep 0.02; kill -{sys.argv[1]} $PPID) >/dev/null 2>&1 &")
    return load(*arguments)

fixture._load = interrupted
sys.exit(essence_render(sys.argv[2:]))
"""


@pytest.mark.parametrize(("name", "status"), [("INT", 130), ("TERM", 143), ("HUP", 129)])
def test_interrupted_while_the_avatar_is_loaded(out: Path, name: str, status: int) -> None:
    """What C was making when the signal came must not crash the end of the process."""
    result = run_python(INTERRUPTED_LOAD, name, "--output", str(out / "a.mp4"))
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


def test_before_the_guard_nothing_is_imported() -> None:
    result = run_python(
        "import sys; before = set(sys.modules); import bithuman_ctypes.cli.main\n"
        "print(sorted(m for m in set(sys.modules) - before if m.startswith('bithuman') "
        "or m in ('argparse', 'typing', 'numpy', 'pathlib')))"
    )
    ours = [f"bithuman_ctypes{name}" for name in ("", ".cli", ".cli.guard", ".cli.main")]
    assert ast.literal_eval(result.stdout) == ours, result.stderr


def test_help_needs_no_numbers() -> None:
    """Nobody waits for numpy to read the options."""
    result = run_python(
        "import sys\nfrom bithuman_ctypes.cli.main import essence_render\n"
        "try: essence_render(['--help'])\n"
        "except SystemExit:\n"
        "    print([m for m in ('numpy', 'av', '_cffi_backend') if m in sys.modules])"
    )
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


def start_endless(out: Path) -> subprocess.Popen[bytes]:
    """A render that takes long enough to be interrupted, seen to be under way."""
    long = out.parent / "long.wav"
    soundfile.write(long, np.tile(tone(1.0), 3600), 16000)
    process = subprocess.Popen(
        [*RENDER, "--model", str(TINY), "--audio", str(long), "--output", str(out / "a.mp4")],
        env=environment(),
        cwd=ELSEWHERE,
        stderr=subprocess.PIPE,
    )
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        if any(path.stat().st_size for path in out.iterdir()):
            return process
        time.sleep(0.02)
    raise AssertionError("it never began to write")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_interrupted(out: Path, number: signal.Signals, status: int) -> None:
    process = start_endless(out)
    try:
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == status
    assert b"Traceback" not in errors
    assert list(out.iterdir()) == []


def on_a_terminal(*arguments: object) -> tuple[int, str]:
    """Runs the command with a terminal as stderr; (exit status, what the terminal saw)."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*RENDER, *map(str, arguments)],
        env=environment(TERM="xterm"),
        cwd=ELSEWHERE,
        stdout=subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    return process.wait(60), seen.decode()


def test_visemes_go_to_a_file() -> None:
    result = render("--model", TINY, "--audio", SPEECH, "--visemes", "-")
    assert result.returncode == 2
    assert b"not to standard output" in result.stderr.splitlines()[-1]


def test_visemes_tell_where_the_lips_are(out: Path) -> None:
    file = out / "lips.json"
    result = render("--model", TINY, "--audio", SPEECH, "--visemes", file)
    assert result.returncode == 0, result.stderr
    track = json.loads(file.read_text())
    assert (track["format"], track["fps"], len(track["visemes"])) == (1, 25, 15)
    frames = track["frames"]
    assert [frame["time"] for frame in frames] == [round(i / 25, 2) for i in range(242)]
    assert max(frame["openness"] for frame in frames) > 0.5
    assert {frame["viseme"] for frame in frames} > {"sil", "PP", "aa"}
    for frame in frames:
        best = max(frame["probabilities"])
        assert frame["probabilities"][track["visemes"].index(frame["viseme"])] == best
        assert -1 <= frame["width"] <= 1


def test_a_viseme_file_is_whole_or_not_there(out: Path) -> None:
    file = out / "lips.json"
    assert render("--audio", out / "none.wav", "--visemes", file).returncode != 0
    assert not list(out.iterdir())
    missing = render("--model", TINY, "--audio", SPEECH, "--visemes", out / "no" / "lips.json")
    assert b"cannot write" in missing.stderr
    assert b"--visemes" in render("--model", TINY, "--audio", SPEECH).stderr


def test_a_terminal_sees_progress(second: Path, out: Path) -> None:
    status, seen = on_a_terminal("--model", TINY, "--audio", SPEECH, "--output", out / "a.mp4")
    assert status == 0, seen
    assert "/242" in seen
    assert "frame" in seen
    quiet = render("--model", TINY, "--audio", second, "--output", out / "a.mp4")
    assert "/25" not in quiet.stderr.decode()
    assert b"\r" not in quiet.stderr


def test_no_video_on_a_terminal(second: Path) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    result = subprocess.run(
        [*RENDER, "--model", str(TINY), "--audio", str(second), "--output", "-"],
        env=environment(),
        cwd=ELSEWHERE,
        stdout=follower,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(leader)
    os.close(follower)
    assert result.returncode == 64
    assert b"terminal" in result.stderr
