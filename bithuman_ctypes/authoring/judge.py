"""How good an avatar is: held-out speech of its film, rendered by the engine, beside the film."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

from bithuman_ctypes.authoring import blend, hear, imx, landmarks, patch
from bithuman_ctypes.authoring._pixels import blurred, grey
from bithuman_ctypes.authoring._types import Flags, Floats, Picture
from bithuman_ctypes.authoring.tracker import Tracker

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # of SSIM (Wang et al. 2004)


@dataclass(frozen=True)
class Rendered:
    """A frame of the engine: its picture as RGB, the mouth and the source frame in it."""

    picture: Picture
    mouth: int
    source: int


def rendered(avatar: imx.Avatar, sound: Floats) -> Iterator[Rendered]:
    """What the engine makes of an avatar that need not be a file yet, and sound at 16 kHz."""
    from bithuman_ctypes._audio import blocks
    from bithuman_ctypes._compose import compose
    from bithuman_ctypes._lowlevel import Fixture

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "avatar.imx"
        imx.write(path, avatar)
        with Fixture(path) as fixture:
            for frame in compose(fixture, blocks(np.ascontiguousarray(sound, np.float32))):
                rgb = np.ascontiguousarray(frame.bgr[..., ::-1])
                yield Rendered(rgb, frame.cluster_idx, frame.source_idx)


@dataclass(frozen=True)
class Score:
    """``opening``: correlation of the opening of the lips with the film's own; ``ssim`` of the
    mouth region; ``frames`` that were compared."""

    opening: float
    ssim: float
    frames: int


def held_out(
    avatar: imx.Avatar,
    sound: Floats,
    gaps: Floats,
    usable: Flags,
    patches: Mapping[int, Picture],
    rest: Picture,
    progress: Callable[[float], None],
) -> Score:
    """Speak ``sound`` and compare with the film frame by frame: ``gaps`` (n,) of its lips where
    ``usable``, and ``patches`` of some of its frames, as they are on the rest pose."""
    found, alike = np.full(len(gaps), np.nan), []
    with Tracker() as tracker:
        for i, frame in enumerate(rendered(avatar, sound)):
            if i >= len(gaps):
                break
            progress(i / len(gaps))
            points = tracker.points(frame.picture)
            if points is not None:
                found[i] = landmarks.gap(points)
            if i in patches:
                affine = np.array(avatar.placements[frame.source].affine).reshape(2, 3) / 65536
                own = patch.cut(frame.picture, affine, avatar.patch_size)
                alike.append(ssim(own, patches[i], rest, avatar.mask))
    both = usable & ~np.isnan(found)
    opening = hear.correlation(found[both], gaps[both])
    return Score(opening, float(np.mean(alike)) if alike else 0.0, len(alike))


def ssim(one: Picture, other: Picture, rest: Picture, mask: Picture) -> float:
    """Structural similarity of two patches' luma under the mask, their light made equal."""
    a, b = (grey(patch.matched(each, rest, mask)).astype(np.float32) for each in (one, other))
    mean_a, mean_b = blurred(a, 1.5), blurred(b, 1.5)
    var_a, var_b = blurred(a * a, 1.5) - mean_a**2, blurred(b * b, 1.5) - mean_b**2
    both = blurred(a * b, 1.5) - mean_a * mean_b
    top = (2 * mean_a * mean_b + C1) * (2 * both + C2)
    index = top / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))
    return float(index[mask > 127].mean())


def sharpness(patches: list[Picture], rest: Picture, mask: Picture) -> float:
    """The fine detail of mouths beside that of the face at rest, on the skin around the lips."""
    from bithuman_ctypes.authoring._pixels import detail

    where = mask > 127
    usual = detail(np.where(where, blend.to_yuv(rest.astype(float))[..., 0], 0))
    own = [detail(np.where(where, blend.to_yuv(p.astype(float))[..., 0], 0)) for p in patches]
    return float(np.median(own) / max(usual, 1e-6))
