"""Turn a folder of rendered pictures into an avatar file (.imx).

    python scripts/avatar/pack.py --assets MAKEHUMAN --pictures DIR --output default.imx

Works on an unfinished folder too: only the mouths and frames that exist are packed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import motion
import numpy as np
import place
import settle
from figure import Figure
from human import Fitted
from people import PEOPLE, Person
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bithuman_ctypes.authoring import imx

EDGE = 24  # pixels over which a frame's rectangle fades into the base picture
STILL = 5.0  # levels: what changes less than this over the loop is taken from the base
FADE = 6  # frames in which a clip comes to move what the loop leaves still


@dataclass
class Pictures:
    """What was rendered: arrays (h, w, 3) uint8 by index, and the description."""

    info: dict
    base: np.ndarray
    mouths: dict[int, np.ndarray]
    frames: dict[int, np.ndarray]


def load(folder: Path) -> Pictures:
    """Read every finished picture of a render folder."""
    info = json.loads((folder / "scene.json").read_text())

    def series(name: str) -> dict[int, np.ndarray]:
        files = sorted(p for p in (folder / name).glob("*.png") if p.stem.isdigit())
        return {int(p.stem): np.asarray(Image.open(p).convert("RGB")) for p in files}

    base = np.asarray(Image.open(folder / "base.png").convert("RGB"))
    # The renderer's outermost pixels are brighter or darker by a dozen levels: a thin frame.
    base = np.pad(base[1:-1, 1:-1], ((1, 1), (1, 1), (0, 0)), mode="edge")
    return Pictures(info, base, series("mouths"), series("frames"))


def whole_clips(pictures: Pictures) -> list[motion.Clip]:
    """The clips that can be packed: all of their frames, and all of the loop, are there."""
    there = set(pictures.frames)
    if not there.issuperset(range(motion.FRAMES)):
        return []
    return [clip for clip in motion.CLIPS if there.issuperset(motion.shown(clip))]


def moving(pictures: Pictures, frames: list[np.ndarray]) -> np.ndarray:
    """Weight (h, w) 0..1 of the frames against the base: 0 where nothing ever moves."""
    x, y, w, h = pictures.info["head"]
    still = pictures.base[y : y + h, x : x + w].astype(float)
    most = np.zeros((h, w))
    for frame in frames:
        gap = np.abs(frame - still).max(2)
        most = np.maximum(most, place.blur(gap * 4, 2.0) / 4)
    image = Image.fromarray(((most > STILL) * 255).astype(np.uint8))
    image = image.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(25))
    image = image.filter(ImageFilter.GaussianBlur(5))
    weight = np.asarray(image, float) / 255
    xs, ys = np.meshgrid(np.arange(w), np.arange(h))
    border = np.minimum(np.minimum(xs, w - 1 - xs), np.minimum(ys, h - 1 - ys))
    return weight * np.clip((border - 2) / EDGE, 0, 1)


def clean_frames(pictures: Pictures, human: Figure, assets: Path) -> dict[int, np.ndarray]:
    """Frames with calm hair whose still parts are exactly the base picture: loop, then clips."""
    rect = tuple(pictures.info["head"])
    folder = assets / "base" if (assets / "base").is_dir() else assets
    name = human.person.hair.mesh
    cards = Fitted(folder / "hair" / name / f"{name}.mhclo").fit(human.shape)
    tracks = settle.tracks(human, cards)
    x, y, w, h = pictures.info["head"]
    still = pictures.base[y : y + h, x : x + w].astype(float)
    loop = [frame for i, frame in pictures.frames.items() if i < motion.FRAMES]
    weight = moving(pictures, loop)
    out = {}
    for i, frame in settle.settle(pictures.frames, tracks, rect, settle.loop_line()).items():
        out[i] = np.rint(still + (frame - still) * weight[..., None]).astype(np.uint8)
    for clip in whole_clips(pictures):
        calm = settle.settle(pictures.frames, tracks, rect, settle.clip_line(clip))
        more = moving(pictures, [*loop, *(pictures.frames[i] for i in calm)]) - weight
        for i, frame in calm.items():
            here = weight + more * fade(clip, i)
            out[i] = np.rint(still + (frame - still) * here[..., None]).astype(np.uint8)
    return out


def fade(clip: motion.Clip, picture: int) -> float:
    """From almost 0 for a picture that is played at either end of a clip to 1 within it."""
    places = [k for k, number in enumerate(motion.shown(clip)) if number == picture]
    end = min(min(k, clip.frames - 1 - k) for k in places)
    return min(1.0, (end + 1) / FADE)


def placements(
    pictures: Pictures,
    frames: dict[int, np.ndarray],
    fitted: place.Fit,
    mask: np.ndarray,
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Affine (6,) and colour offset (3,) in levels per picture number."""
    x, y, w, h = pictures.info["head"]
    out = {}
    for i, frame in frames.items():
        full = pictures.base.copy()
        full[y : y + h, x : x + w] = frame
        affine = fitted.affine[i]
        out[i] = (affine, place.bias(full, pictures.mouths[0], mask, affine))
    return out


def packed_clips(pictures: Pictures) -> list[imx.Clip]:
    """The clips of the file; their frames stand behind the loop in this order."""
    out, begin = [], motion.FRAMES
    for clip in whole_clips(pictures):
        frames = range(begin, begin + clip.frames)
        out.append(imx.Clip(clip.name, frames, clip.at, clip.at, clip.idle))
        begin = frames.stop
    return out


def seams(frames: dict[int, np.ndarray], clips: list[imx.Clip], order: list[int]) -> dict:
    """Mean change of a pixel in levels where each clip leaves and rejoins, and of a loop's step."""

    def step(one: int, other: int) -> float:
        gap = frames[order[one]].astype(float) - frames[order[other]]
        return round(float(np.abs(gap).mean()), 2)

    out = {
        clip.name: [
            step(clip.leave, clip.frames.start),
            step(clip.frames.stop - 1, clip.rejoin),
        ]
        for clip in clips
    }
    loop = sum(i < motion.FRAMES for i in order)  # fewer of an unfinished folder
    out["loop, median"] = float(np.median([step(i, i + 1) for i in range(loop - 1)]))
    return out


def played(pictures: Pictures) -> list[int]:
    """The picture number of each source frame: of the loop, then of the clips."""
    loop = [i for i in pictures.frames if i < motion.FRAMES]
    return loop + [i for clip in whole_clips(pictures) for i in motion.shown(clip)]


def manifest(pictures: Pictures, person: Person) -> imx.Manifest:
    """Who it is, and where the pictures come from."""
    height, width = pictures.base.shape[:2]
    return imx.Manifest(
        name=person.name,
        identity=person.identity,
        width=width,
        height=height,
        license="CC0-1.0 meshes (MakeHuman); pictures under this project's licence",
        source="rendered from MakeHuman's CC0 assets, not a real person",
        tool="scripts/avatar",
        loop=pictures.info["loop"],
    )


def thumbnail(base: np.ndarray, head: tuple[int, int, int, int]) -> np.ndarray:
    """A square of head and shoulders (256, 256, 3); `head` is the frames' rectangle."""
    x, y = head[0] - 80, head[1]
    part = Image.fromarray(base).crop((x, y, x + 544, y + 544))
    return np.asarray(part.resize((256, 256)))


def build(pictures: Pictures, assets: Path, quality: int) -> tuple[imx.Avatar, dict]:
    """The avatar and a description of what was measured."""
    person = PEOPLE[pictures.info.get("person", "default")]
    human = Figure(assets, person)
    fitted = place.fit(human, tuple(pictures.info["patch"]))
    rest = pictures.mouths[0]
    changed = place.change([m for i, m in pictures.mouths.items() if i], rest)
    mask = place.mask(changed)
    frames = clean_frames(pictures, human, assets)
    order = played(pictures)
    placed = placements(pictures, frames, fitted, mask)
    jpegs = {i: imx.encode_jpeg(frame, quality) for i, frame in frames.items()}
    coords = pictures.info["mouths"]
    mouths = [imx.Mouth.rest()]
    mouths += [
        imx.Mouth(tuple(coords[i]), imx.encode_jpeg(m, quality))
        for i, m in pictures.mouths.items()
        if i
    ]
    clips = packed_clips(pictures)
    rect = tuple(pictures.info["head"])
    avatar = imx.Avatar(
        manifest(pictures, person),
        [imx.encode_jpeg(pictures.base, quality)],
        [imx.SourceFrame(0, rect, jpegs[i]) for i in order],
        [imx.Placement.from_floats(*placed[i]) for i in order],
        mouths,
        (rest.shape[1], rest.shape[0]),
        mask,
        thumbnail=imx.encode_jpeg(thumbnail(pictures.base, rect), quality),
        clips=clips,
    )
    outside = changed[mask <= 200]
    measured = {
        "mouths": len(mouths),
        "frames": len(order),
        "clip_seams_levels": seams(frames, clips, order),
        "clips": [[clip.name, len(clip.frames)] for clip in clips],
        "patch": pictures.info["patch"],
        "rect": rect,
        "loop": pictures.info["loop"],
        "affine_rms_px_max": round(float(fitted.rms.max()), 3),
        "affine_rms_px_median": round(float(np.median(fitted.rms)), 3),
        "affine_worst_px": round(float(fitted.worst.max()), 3),
        "change_outside_mask_max_levels": round(float(outside.max()), 1),
        "change_outside_mask_p99_levels": round(float(np.percentile(outside, 99)), 1),
        "bias_levels_max": np.abs([b for _, b in placed.values()]).max(0).round(2).tolist(),
        "placements": [
            [*a.round(7).tolist(), *b.round(3).tolist()] for a, b in (placed[i] for i in order)
        ],
        "coords": [list(m.coords) for m in mouths],
    }
    return avatar, measured


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman checkout (CC0)")
    parser.add_argument("--pictures", type=Path, required=True, help="folder written by render.py")
    parser.add_argument("--output", type=Path, required=True, help="avatar file to write")
    parser.add_argument("--quality", type=int, default=91, help="JPEG quality (default 91)")
    args = parser.parse_args()
    try:
        pictures = load(args.pictures)
    except (OSError, ValueError) as error:
        print(f"pack: {args.pictures} is no finished render folder: {error}", file=sys.stderr)
        return 66
    if 0 not in pictures.mouths or not pictures.frames:
        print("pack: the rest mouth or all frames are missing", file=sys.stderr)
        return 66
    avatar, measured = build(pictures, args.assets, args.quality)
    (args.pictures / "avatar.json").write_text(json.dumps(measured, indent=1))
    Image.fromarray(avatar.mask).save(args.pictures / "mask.png")
    size = imx.write(args.output, avatar)
    brief = {k: v for k, v in measured.items() if k not in ("placements", "coords")}
    print(json.dumps(brief), f"\n{args.output}: {size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
