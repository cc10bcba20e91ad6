"""The ``doctor`` command: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bithuman_ctypes.cli.show import show

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bithuman_ctypes._lowlevel import Runtime

SUMMARY = "say what works on this machine and what to do about the rest"
DESCRIPTION = (
    "Checks the engine's library, ONNX Runtime, the execution providers, an avatar, audio decoding "
    "and MP4 writing: a line for each. The exit status is that of the first check that failed (64 "
    "to 78), 0 when only optional things are missing."
)


ROUNDS = 5
"""Of the measurement, whose median is told: the first one warms up."""


class Finding(NamedTuple):
    """What one check came to. ``exit_code`` is 0 where nothing is wrong or it is optional."""

    state: str  # ok, fail, none (optional, not installed)
    what: str
    text: str
    advice: str = ""
    exit_code: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "avatar", nargs="?", metavar="AVATAR.imx", help="an avatar to check (default: the bundled)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints a line for each finding, with what to do below it."""
    status = 0
    for finding in findings(arguments.avatar):
        show(f"{finding.state:4}  {finding.what:12} {finding.text}")
        if finding.advice:
            show(f"      {'':12} -> {finding.advice}")
        status = status or finding.exit_code
    return status


def findings(avatar: str | None = None) -> Iterator[Finding]:
    """The checks, in the order in which one needs the other."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    yield Finding("ok", "system", system)
    library = _library()
    yield library
    yield _onnxruntime()
    if library.state == "ok":
        yield from _avatar(avatar)
    yield _decoding()
    yield _package("mp4", "av", "writes MP4 files")
    yield _tracker()
    yield _package("metrics", "prometheus_client", "Prometheus text", "prometheus-client")
    yield _package("livekit", "livekit.agents", "agents in LiveKit rooms", "livekit-agents")


def _library() -> Finding:
    from bithuman_ctypes import errors
    from bithuman_ctypes._ffi.library import library, library_path

    try:
        path = library_path()
        version = library().be_abi_version(), library().be_abi_revision()
    except errors.BithumanError as error:
        return _failed("library", error)
    from bithuman_ctypes import __core_version__, __version__

    versions = f"{__core_version__} (ABI {version[0]}.{version[1]}), package {__version__}"
    return Finding("ok", "library", f"{path}, {versions}")


def _onnxruntime() -> Finding:
    import os

    from bithuman_ctypes._ffi import onnxruntime

    named = os.environ.get(onnxruntime.ENVIRONMENT_VARIABLE)
    if named and os.path.isfile(named):
        return Finding("ok", "onnxruntime", f"{named} ({onnxruntime.ENVIRONMENT_VARIABLE})")
    if named:
        return Finding(
            "fail",
            "onnxruntime",
            f"{onnxruntime.ENVIRONMENT_VARIABLE} names no file: {named}",
            f"unset {onnxruntime.ENVIRONMENT_VARIABLE}, or name libonnxruntime.so",
            69,
        )
    found = onnxruntime.find()
    if found is not None:
        return Finding("ok", "onnxruntime", str(found))
    purpose = "needed for other providers than CPU, and for avatars with an encoder of their own"
    return Finding("none", "onnxruntime", f"not found ({purpose})", "pip install onnxruntime")


def _avatar(path: str | None) -> Iterator[Finding]:
    from bithuman_ctypes import EP, errors
    from bithuman_ctypes._assets import bundled
    from bithuman_ctypes._lowlevel import Fixture

    name = bundled("default.imx") if path is None else path
    try:
        with Fixture(name) as fixture:
            yield Finding("ok", "avatar", f"{fixture!r}"[1:-1])
            report = fixture.provider
            yield Finding("ok", "provider", f"{report.active.name}, {report.runtime}")
            actions = ", ".join(action.name for action in fixture.actions)
            yield Finding("ok", "actions", actions or "none in this avatar")
            yield _speech(fixture)
    except errors.BithumanError as error:
        yield _failed("avatar", error)
        return
    try:
        with Fixture(name, EP.AUTO) as fixture:
            report = fixture.provider
            reason = f": {report.reason}" if report.reason else ""
            best = f"the best provider is {report.active.name}{reason}"
            if report.active is EP.CPU:
                best = "CPU (no CoreML, NNAPI or QNN in this ONNX Runtime)"
            yield Finding("ok", "automatic", best)
    except errors.BithumanError as error:
        yield _failed("automatic", error)


def _speech(fixture: object) -> Finding:
    """A second of sound through the engine, a few times, and what a frame costs."""
    import statistics

    import numpy as np

    from bithuman_ctypes import errors
    from bithuman_ctypes._lowlevel import Fixture, Runtime

    assert isinstance(fixture, Fixture)
    sound = (0.3 * np.sin(np.arange(16000) * (2 * np.pi * 200 / 16000))).astype(np.float32)
    try:
        with Runtime(fixture) as runtime:
            spent = statistics.median(_cost(runtime, sound) for _ in range(ROUNDS))
    except errors.BithumanError as error:
        return _failed("frames", error)
    if spent > 0.04:
        return Finding(
            "fail",
            "frames",
            f"{spent * 1000:.1f} ms of processor time each: too slow for 25 a second",
            "a faster processor helps, or an avatar whose own pictures are smaller",
            70,
        )
    text = f"{spent * 1000:.2f} ms of processor time each"
    if spent > 0:
        text += f": about {int(0.04 / spent * 0.7)} live sessions on one core"
    return Finding("ok", "frames", text)


def _cost(runtime: Runtime, sound: NDArray[np.float32]) -> float:
    """Seconds of this thread's processor time for a frame, from sound to picture: what else runs
    on the machine does not count."""
    import time

    start, count = time.thread_time(), 0
    runtime.push_audio(sound)
    runtime.flush()
    while runtime.ticks_available():
        runtime.pull_frame()
        count += 1
    return (time.thread_time() - start) / max(1, count)


def _decoding() -> Finding:
    from bithuman_ctypes import errors
    from bithuman_ctypes._assets import bundled
    from bithuman_ctypes._audio import blocks

    try:
        import soundfile

        total = sum(len(block.data) for block in blocks(bundled("speech.wav")))
    except ImportError:
        return Finding("none", "audio files", "not installed", "pip install soundfile")
    except errors.BithumanError as error:
        return _failed("audio files", error)
    formats = ", ".join(sorted(set(soundfile.available_formats()) & {"WAV", "FLAC", "OGG", "MP3"}))
    return Finding("ok", "audio files", f"{formats} ({total} samples of the bundled speech)")


def _tracker() -> Finding:
    """What making avatars needs; a later release of the package would not do."""
    from importlib.metadata import PackageNotFoundError, version

    from bithuman_ctypes.authoring.tracker import VERSION, advice

    purpose = "makes avatars from films and photos"
    try:
        if version("mediapipe") == VERSION:
            return Finding("ok", "create", purpose)
    except PackageNotFoundError:
        pass
    return Finding("none", "create", f"not installed ({purpose})", advice(sys.version_info[:2]))


def _package(what: str, module: str, purpose: str, package: str = "") -> Finding:
    import importlib.util

    try:
        present = importlib.util.find_spec(module) is not None
    except ImportError:
        present = False
    if present:
        return Finding("ok", what, purpose)
    return Finding("none", what, f"not installed ({purpose})", f"pip install {package or module}")


def _failed(what: str, error: Exception) -> Finding:
    from bithuman_ctypes.errors import BithumanError

    assert isinstance(error, BithumanError)
    return Finding("fail", what, str(error), f"see {error.docs_url}", error.exit_code)
