#!/usr/bin/env python3
"""What a signature costs when an avatar is loaded, beside the same avatar without one.

    tests/bench/seal.py [AVATAR.imx]        default: the bundled one

Processor time of the loading thread until the avatar is there, the least of many in turn; its
pictures are decoded by another thread meanwhile.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import bithuman_ctypes as bh
from bithuman_ctypes._assets import bundled
from bithuman_ctypes.authoring.seal import SigningKey, seal

ROUNDS = 60


def load(path: Path, keys: Path) -> float:
    """Milliseconds."""
    start = time.thread_time()
    fixture = bh.Fixture(path, trusted_keys=keys)
    taken = time.thread_time() - start
    fixture.close()
    return taken * 1e3


def main() -> None:
    plain = Path(sys.argv[1] if len(sys.argv) > 1 else bundled("default.imx"))
    with tempfile.TemporaryDirectory() as folder:
        key = SigningKey.new()
        keys = key.write(Path(folder) / "key.pem")
        signed = Path(folder) / "signed.imx"
        signed.write_bytes(seal(plain.read_bytes(), key, issuer=None).data)
        times = [(load(plain, keys), load(signed, keys)) for _ in range(ROUNDS)]
    size = plain.stat().st_size / 1e6
    unsigned_ms, signed_ms = (min(column) for column in zip(*times))
    print(f"{size:.1f} MB: {unsigned_ms:.2f} ms unsigned, {signed_ms:.2f} ms signed")


if __name__ == "__main__":
    main()
