"""The C benchmark's work through the Python package: frames.py MODEL.imx SPEECH.wav FRAMES

Prints one JSON object. Times of a frame are medians of all stages together, after every picture was
shown once.
    import_ms            NumPy and the package
    load_first_ms        from there to the first frame of a second of speech
    bare_us              a frame by the C function through cffi, nothing around it
    python_us            a frame into ``out=``
    python_fresh_us      a frame into an array of its own
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import wave
from collections.abc import Callable

TURN = 50
start = time.perf_counter()
import numpy as np  # noqa: E402  # it is timed

from bithuman_ctypes import Fixture, Runtime  # noqa: E402
from bithuman_ctypes._ffi.library import ffi, library  # noqa: E402

imported = time.perf_counter()


def main() -> None:
    model, frames = sys.argv[1], int(sys.argv[3])
    with wave.open(sys.argv[2]) as sound:
        rate = sound.getframerate()
        speech = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    fixture = Fixture(model)
    runtime = Runtime(fixture)
    out = np.empty((fixture.frame_height, fixture.frame_width, 3), np.uint8)
    runtime.push_chunk(speech[:rate], rate)
    runtime.pull_frame(out=out)
    first = time.perf_counter()
    for i in range(fixture.source_frame_count):
        runtime.get_source_frame(i, out=out)

    def timed(pull: Callable[[], object]) -> float:
        if runtime.ticks_available() == 0:
            runtime.push_chunk(speech, rate)
            runtime.flush()
        begin = time.perf_counter()
        pull()
        return time.perf_counter() - begin

    runtime.flush()
    pixels = ffi.from_buffer("uint8_t[]", out)
    function, pointer = library().be_runtime_pull_frame, runtime._enter().pointer
    ways: dict[str, Callable[[], object]] = {
        "bare_us": lambda: function(pointer, -1, pixels, len(pixels), ffi.NULL),
        "python_us": lambda: runtime.pull_frame(out=out),
        "python_fresh_us": lambda: runtime.pull_frame(),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(0, frames, TURN):
        for name, pull in ways.items():
            times[name] += [timed(pull) for _ in range(TURN)]
    report = {
        "import_ms": (imported - start) * 1e3,
        "load_first_ms": (first - imported) * 1e3,
        **{name: statistics.median(seconds) * 1e6 for name, seconds in times.items()},
    }
    print(json.dumps(report))


main()
