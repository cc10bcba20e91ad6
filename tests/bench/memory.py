"""What an avatar takes in a Python process: memory.py MODEL.imx SPEECH.wav LOADING STORAGE STORE_MB

Ten seconds of speech into one array, twice; every picture of a loop is shown. Prints one JSON
object, MB of 10^6 bytes of resident memory.
    own_mb     Python, NumPy, the package and the engine's library, before anything is opened
    peak_mb    the most ever
    over_mb    peak_mb less own_mb
    frames     that were made
"""

from __future__ import annotations

import json
import re
import sys
import wave
from pathlib import Path

import numpy as np

from bithuman_ctypes import Fixture, Runtime
from bithuman_ctypes._ffi.library import library

SECONDS = 10


def resident_mb(line: str) -> float:
    """A line of /proc/self/status."""
    found = re.search(rf"^{line}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6


def main() -> None:
    model, speech_path, loading, storage, store_mb = sys.argv[1:]
    library()
    own = resident_mb("VmRSS")
    with wave.open(speech_path) as sound:
        rate = sound.getframerate()
        speech = np.frombuffer(sound.readframes(SECONDS * rate), np.int16)
    frames = 0
    with (
        Fixture(model, loading=loading, storage=storage, store_mb=int(store_mb)) as fixture,
        Runtime(fixture) as runtime,
    ):
        out = np.empty((fixture.frame_height, fixture.frame_width, 3), np.uint8)
        for _ in range(2):
            runtime.push_chunk(speech, rate)
            runtime.flush()
            while runtime.ticks_available():
                runtime.pull_frame(out=out)
                frames += 1
    peak = resident_mb("VmHWM")
    report = {"own_mb": own, "peak_mb": peak, "over_mb": peak - own, "frames": frames}
    print(json.dumps(report))


main()
