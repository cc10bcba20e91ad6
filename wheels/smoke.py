"""What an installed wheel must be able to do: ``python smoke.py AVATAR.imx SPEECH.wav``.

Imports, loads, composes one second of speech and compares the 25 frames with the digest that every
platform gives, sends the same through a live stream, and closes. smoke.c is the same in C. AVATAR
is tests/data/tiny.imx, SPEECH the package's assets/speech.wav (24 kHz): two of three samples make
16 kHz, so that no resampler has a say. Any Python from 3.9 on.
"""

from __future__ import annotations

import array
import sys
import wave

import bithuman_ctypes as bh

FRAMES = 25
DIGEST = 0x42A8CDC6B1E99E1C


def fnv(digest: int, data: bytes) -> int:
    """FNV-1a, 64 bits: what fits into a few lines of C as well."""
    for byte in data:
        digest = ((digest ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return digest


def speech(path: str) -> bytes:
    """The second second of the file at 16 kHz."""
    with wave.open(path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        samples = array.array("h", file.readframes(file.getnframes()))
    return array.array("h", [samples[3 * i // 2] for i in range(16000, 32000)]).tobytes()


def main() -> int:
    avatar_path, speech_path = sys.argv[1:]
    sound = speech(speech_path)
    with bh.Avatar.load(avatar_path) as avatar:
        composed = [frame.bgr.tobytes() for frame in avatar.compose(sound)]
        with avatar.stream(realtime=False) as stream:
            stream.push(sound)
            stream.flush()
            streamed = []
            for frame in stream.frames():
                assert frame.bgr_image is not None
                streamed.append(frame.bgr_image.tobytes())
                if len(streamed) == FRAMES:
                    break
    digest = 14695981039346656037
    for picture in composed:
        digest = fnv(digest, picture)
    where = bh.__file__
    print(f"{len(composed)} frames, digest {digest:#018x}, {bh.__core_version__} in {where}")
    if len(composed) != FRAMES or streamed != composed:
        print(f"{len(streamed)} frames were streamed, other than those composed", file=sys.stderr)
        return 1
    if digest != DIGEST:
        print(f"the digest should be {DIGEST:#018x}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
