"""The ``render`` command: a WAV goes in, a talking face comes out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bithuman_ctypes._assets import bundled
from bithuman_ctypes.cli.guard import say
from bithuman_ctypes.types import EP

if TYPE_CHECKING:
    from bithuman_ctypes._lowlevel import Fixture
    from bithuman_ctypes.cli.sinks import Sink
    from bithuman_ctypes.types import ComposedFrame

SUMMARY = "make a video of an avatar that says an audio file"
DESCRIPTION = (
    "Makes a video of an avatar that says an audio file. "
    "Without --model and --audio the avatar and the speech that come with the package are used."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    add = parser.add_argument
    add(
        "--model",
        metavar="FILE.imx",
        type=_file,
        default=bundled("default.imx"),
        help="the avatar (default: the bundled one)",
    )
    add(
        "--audio",
        metavar="FILE",
        type=_file,
        default=bundled("speech.wav"),
        help="WAV, FLAC, OGG or MP3, any rate, any channels (default: the bundled speech)",
    )
    add(
        "--output",
        metavar="FILE.mp4",
        type=_named,
        help="the MP4 to write, or - for raw BGR24 frames on standard output",
    )
    add(
        "--visemes",
        metavar="FILE.json",
        type=_named_file,
        help="write where the lips are in each frame: openness, width, 15 visemes and more, to "
        "drive a face of your own; with or without --output",
    )
    add(
        "--fps",
        metavar="N",
        type=_fps,
        default=Fraction(25),
        help="frames per second of the output, such as 30 or 30000/1001; the engine makes 25, "
        "which are repeated or left out to fit (default: 25)",
    )
    add(
        "--quality",
        metavar="N",
        type=_quality,
        default=80,
        help="1 (small) to 100 (best): x264's crf is 44 - 0.3 N (default: 80, which is crf 20)",
    )
    add(
        "--ep",
        choices=[ep.name.lower() for ep in EP],
        default="cpu",
        help="where the audio encoder runs; what is not available becomes cpu (default: cpu)",
    )
    add(
        "--threads",
        metavar="N",
        type=_threads,
        default=1,
        help="threads of the audio encoder (default: 1)",
    )
    add("--no-audio", action="store_true", help="leave the sound out of the MP4")
    add(
        "--size",
        metavar="WxH",
        type=_size,
        help="size of the video in pixels; the avatar is fitted in, the rest is black "
        "(default: the avatar's own)",
    )
    add(
        "--limit",
        metavar="N",
        type=_limit,
        help="stop after N of the engine's frames: N / 25 seconds",
    )
    add("--version", action=_Version, nargs=0, help="show the version and exit")


class _Version(argparse.Action):
    """argparse's own wants the text beforehand, and finding it out takes longer than the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from bithuman_ctypes import __version__

        print(f"{parser.prog} {__version__}")
        parser.exit()


def run(arguments: argparse.Namespace) -> None:
    """Does the job. Everything that can go wrong is a BithumanError, or a StdoutClosed."""
    from bithuman_ctypes import __abi_version__, __core_version__, __version__
    from bithuman_ctypes._audio import blocks, frames_in_file
    from bithuman_ctypes._compose import compose
    from bithuman_ctypes.cli.progress import progress
    from bithuman_ctypes.cli.sinks import Mp4Sink, NoSink, RawSink
    from bithuman_ctypes.cli.visemes import VisemeTrack

    say(f"essence-render {__version__} (core {__core_version__}, ABI {__abi_version__})")
    total = frames_in_file(arguments.audio)
    if arguments.limit is not None:
        total = min(arguments.limit, total or arguments.limit)
    kinds: dict[str | None, type[Sink]] = {None: NoSink, "-": RawSink}
    sink = kinds.get(arguments.output, Mp4Sink)(arguments)
    track = VisemeTrack(arguments.visemes) if arguments.visemes else None
    prepared = track.prepared() if track else nullcontext()
    with sink.prepared(), prepared, _loaded(arguments) as fixture:
        audio = blocks(arguments.audio)
        size = arguments.size or (fixture.frame_width, fixture.frame_height)
        seconds = 0.0
        with sink.opened(*size), progress(total) as step:
            stream = compose(fixture, sink.heard(audio), size=arguments.size)
            with closing(_limited(stream, arguments.limit)) as frames:
                while True:
                    start = time.perf_counter()
                    frame = next(frames, None)
                    seconds += time.perf_counter() - start
                    if frame is None:
                        break
                    sink.write(frame.bgr)
                    if track:
                        track.note(frame)
                    step()
    _say_composed(sink.frames_in, seconds)
    for written in (sink, track):
        if written and (summary := written.summary()):
            say(f"wrote    {summary}")


@contextmanager
def _loaded(arguments: argparse.Namespace) -> Iterator[Fixture]:
    from bithuman_ctypes._lowlevel import Fixture

    start = time.perf_counter()
    wanted = EP[arguments.ep.upper()]
    with Fixture(arguments.model, wanted, arguments.threads) as fixture:
        elapsed = (time.perf_counter() - start) * 1e3
        active = fixture.active_ep.name.lower()
        refused = wanted not in (EP.AUTO, fixture.active_ep)
        say(
            f"loaded   {arguments.model} in {elapsed:.0f} ms: "
            f"{fixture.frame_width}x{fixture.frame_height}, {fixture.cluster_count} clusters, "
            f"{fixture.source_frame_count} source frames, encoder on {active}"
            + (f" ({arguments.ep} is not available)" if refused else "")
        )
        yield fixture


def _limited(
    frames: Generator[ComposedFrame, None, None], limit: int | None
) -> Generator[ComposedFrame, None, None]:
    for frame in frames:
        yield frame
        if limit is not None and frame.frame_idx + 1 >= limit:
            return


def _say_composed(count: int, seconds: float) -> None:
    each = seconds / count
    say(
        f"composed {count} frames in {seconds:.2f} s: {each * 1e3:.2f} ms per frame, "
        f"{1 / each:.0f} fps (without the encoding)"
    )


# ------------------------------------------------------------------ option values


def _named(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name of the file is empty")
    return text


def _named_file(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("it is written to a file, not to standard output")
    return _named(text)


def _file(text: str) -> Path:
    return Path(_named(text))


def _fps(text: str) -> Fraction:
    try:
        fps = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"not a number of frames per second: {text!r}") from None
    if not 1 <= fps <= 120:
        raise argparse.ArgumentTypeError(f"frames per second are 1 to 120, not {text}")
    return fps.limit_denominator(1001)


def _whole(text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a whole number: {text!r}") from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be {low} to {high}, not {value}")
    return value


def _quality(text: str) -> int:
    return _whole(text, 1, 100)


def _threads(text: str) -> int:
    return _whole(text, 1, 256)


def _limit(text: str) -> int:
    return _whole(text, 1, 2**31 - 1)


def _size(text: str) -> tuple[int, int]:
    width, x, height = text.lower().partition("x")
    if not (x and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"not a size such as 1280x720: {text!r}")
    return _whole(width, 1, 8192), _whole(height, 1, 8192)
