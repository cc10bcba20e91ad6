"""Contact sheets of an avatar file: mouths, frames, clips, and mouths pasted on frames, enlarged.

python scripts/avatar/sheets.py default.imx --output DIR
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bithuman_ctypes.authoring import blend, imx
from bithuman_ctypes.authoring.sheet import composed, decode, frame, sheet, words

SHEET_COLUMNS = 10


def mouth_sheet(avatar: imx.Avatar) -> Image.Image:
    """All mouths, labelled with the coordinates that are not zero."""
    pictures, labels = [], []
    for i, mouth in enumerate(avatar.mouths[1:], start=1):
        pictures.append(decode(mouth.jpeg))
        labels.append(f"{i} {words(mouth)}")
    return sheet(pictures, labels, 14, 0.6)


def frame_sheet(avatar: imx.Avatar) -> Image.Image:
    """All source frames, the moving rectangle only."""
    rects = [f.rect for f in avatar.frames if f.jpeg] or [(0, 0, 0, 0)]
    x, y, w, h = rects[0]
    if w == 0:
        w, h = avatar.manifest.width, avatar.manifest.height
    count = len(avatar.frames)
    pictures = [frame(avatar, i)[y : y + h, x : x + w] for i in range(count)]
    return sheet(pictures, [str(i) for i in range(count)], 13, 0.35)


def clip_sheet(avatar: imx.Avatar) -> Image.Image:
    """The clips between the loop's frames around them; below each frame the same, speaking."""
    openness = [mouth.coords[0] for mouth in avatar.mouths]
    wide = int(np.argmax(openness))
    pictures, labels = [], []
    for clip in avatar.clips:
        x, y, w, h = avatar.frames[clip.frames.start].rect
        before = [max(clip.leave - 1, 0), clip.leave]
        after = [clip.rejoin, min(clip.rejoin + 1, avatar.loop_length - 1)]
        line = [*before, *clip.frames, *after]
        for at in range(0, len(line), SHEET_COLUMNS):
            row = line[at : at + SHEET_COLUMNS]
            for mouth in (0, wide):
                pictures += [composed(avatar, i, mouth)[y : y + h, x : x + w] for i in row]
                pictures += [np.zeros((h, w, 3), np.uint8)] * (SHEET_COLUMNS - len(row))
                labels += [f"{clip.name} {i} mouth {mouth}" for i in row]
                labels += [""] * (SHEET_COLUMNS - len(row))
    return sheet(pictures, labels, SHEET_COLUMNS, 0.45)


def seam_sheet(avatar: imx.Avatar, zoom: float = 3.0) -> Image.Image:
    """Different mouths on different frames around the patch, enlarged."""
    frames = np.linspace(0, len(avatar.frames) - 1, 4).astype(int)
    openness = np.array([m.coords[0] for m in avatar.mouths])
    wanted = [0, int(openness.argmax()), int(np.abs(openness - 0.4).argmin()), 1]
    pictures, labels = [], []
    w, h = avatar.patch_size
    for f in frames:
        affine = np.array(avatar.placements[f].affine) / 65536
        x0, y0, x1, y1 = blend.reach(
            affine, (w, h), (avatar.manifest.width, avatar.manifest.height)
        )
        x, y = (x0 + x1 - w) // 2, (y0 + y1 - h) // 2
        for mouth in wanted:
            pictures.append(composed(avatar, int(f), mouth)[y : y + h, x : x + w])
            labels.append(f"frame {f} mouth {mouth}")
    return sheet(pictures, labels, len(wanted), zoom)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("avatar", type=Path, help="avatar file (.imx)")
    parser.add_argument("--output", type=Path, default=Path(), help="folder for the sheets")
    args = parser.parse_args()
    try:
        avatar = imx.read(args.avatar)
    except (OSError, imx.ImxError) as error:
        print(f"sheets: {error}", file=sys.stderr)
        return 66
    args.output.mkdir(parents=True, exist_ok=True)
    makers = {"mouths": mouth_sheet, "frames": frame_sheet, "seam": seam_sheet}
    if avatar.clips:
        makers["clips"] = clip_sheet
    for name, maker in makers.items():
        path = args.output / f"{name}.png"
        maker(avatar).save(path)
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
