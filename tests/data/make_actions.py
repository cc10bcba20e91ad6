#!/usr/bin/env python3
"""Make tests/data/tiny_actions.imx: tiny.imx and two clips, a nod and an idle look aside.

    python tests/data/make_actions.py     (needs numpy, Pillow and the bithuman_ctypes package)

The frames of the loop are tiny.imx's own, byte by byte. Its 6 are followed by the nod's 4 (6 to 9;
it leaves the loop after 2 and rejoins it at 3) and the look's 3 (10 to 12; it leaves and rejoins at
4).
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from make_tiny import PATCH_AT, RECT, crop, face

from bithuman_ctypes.authoring import imx

NOD = (1.5, 3.0, 2.5, 1.0)  # pixels down
LOOK = (4.0, 5.0, 3.0)  # pixels to the right
ONE = 65536


def moved(sway: float, dip: float) -> tuple[imx.SourceFrame, imx.Placement]:
    """A frame with the head moved by so many pixels, and where its mouth is."""
    jpeg = imx.encode_jpeg(crop(face(sway, dip=dip), *RECT), 92)
    left, top = PATCH_AT[0] + sway, PATCH_AT[1] + 1.2 * dip
    affine = (ONE, 0, -round(left * ONE), 0, ONE, -round(top * ONE))
    return imx.SourceFrame(0, RECT, jpeg), imx.Placement(affine)


def with_actions(avatar: imx.Avatar) -> imx.Avatar:
    """The avatar with both clips behind its loop."""
    added = [moved(0.0, dip) for dip in NOD] + [moved(sway, 0.0) for sway in LOOK]
    count = len(avatar.frames)
    nod = range(count, count + len(NOD))
    look = range(nod.stop, nod.stop + len(LOOK))
    return dataclasses.replace(
        avatar,
        manifest=dataclasses.replace(avatar.manifest, name="Tiny actions", identity="tiny-actions"),
        frames=[*avatar.frames, *(frame for frame, _ in added)],
        placements=[*avatar.placements, *(placement for _, placement in added)],
        clips=[imx.Clip("nod", nod, 2, 3), imx.Clip("look", look, 4, 4, idle=True)],
    )


if __name__ == "__main__":
    folder = Path(__file__).parent
    target = folder / "tiny_actions.imx"
    size = imx.write(target, with_actions(imx.read(folder / "tiny.imx")))
    print(f"{target}: {size} bytes", file=sys.stderr)
