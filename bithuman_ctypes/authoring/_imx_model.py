"""The contents of an avatar file as values, and the rules that they must keep.

The limits are those of docs/imx.md; the C reader refuses what ``check_avatar`` refuses.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bithuman_ctypes.authoring._jpeg import jpeg_info

COORD_NAMES = ("openness", "width", "protrusion", "labiodental", "teeth", "tongue")
"""What the six numbers of a mouth mean, in their order in the file."""

Q12 = 4096
MAX_COORD = 2 * Q12
MIN_SIDE, MAX_SIDE = 64, 4096
MIN_PATCH_SIDE, MAX_PATCH_SIDE = 8, 1024
MAX_FRAMES = 4096
MAX_MOUTHS = 512
MAX_CLIPS = 64
MAX_CLIP_NAME_BYTES = 31
MAX_NAME_BYTES = 127
MAX_TEXT_BYTES = 1023
MAX_BIAS = 255 * 16  # 1/16 levels
MAX_SCALE = 8 << 16  # 16.16: patch pixels per picture pixel
MIN_DETERMINANT = 1 << 26  # 32.32: 1/64 of the area
MAX_DECODED_BYTES = 2 << 30
RECT_GRID = 16
FPS = 25
AUTHS = ("none", "heartbeat")
LOOPS = ("forward", "pingpong")
MANIFEST_TEXTS = (
    *("name", "identity", "license", "source", "tool", "auth", "loop"),
    *("description", "consent", "issuer"),
)

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")


class ImxError(ValueError):
    """A file is not a readable avatar, or an avatar cannot be written; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """Who the avatar is and how it is played.

    ``identity`` is a slug (a-z, 0-9, ``.``, ``_``, ``-``), ``width`` and ``height`` are even pixel
    counts from 64 to 4096, ``auth`` is "none" or "heartbeat", ``loop`` is "forward" (1 2 3 1 2 3)
    or "pingpong" (1 2 3 2 1). ``issuer`` is whose permission a metered avatar asks for, "" for an
    open one; ``unmetered`` lets BITHUMAN_UNMETERED=1 play it without, for development, and
    ``insecure`` lets the issuer be asked without verified TLS. ``license``, ``source`` (where the
    pictures come from), ``tool`` (what wrote the file), ``description`` and ``consent`` (who agreed
    to be shown, in words) are free text for people; the last two may be empty.
    """

    name: str
    identity: str
    width: int
    height: int
    license: str
    source: str
    tool: str
    fps: int = FPS
    auth: str = "none"
    loop: str = "forward"
    unmetered: bool = False
    description: str = ""
    consent: str = ""
    issuer: str = ""
    insecure: bool = False


@dataclass(frozen=True)
class SourceFrame:
    """A picture of the source video: a base picture and the rectangle in which it differs.

    ``base`` is an index into ``Avatar.bases``. ``rect`` is (x, y, w, h) in pixels, each a multiple
    of 16 unless the rectangle ends at the picture's right or bottom edge; ``jpeg`` is a w x h
    picture. Without ``rect`` and ``jpeg`` the frame is the base picture itself.
    """

    base: int
    rect: tuple[int, int, int, int] = (0, 0, 0, 0)
    jpeg: bytes = b""


@dataclass(frozen=True)
class Placement:
    """Where the mouth patch lies in one source frame, and how its colour is corrected.

    ``affine`` is (m0..m5) in 16.16 fixed point and maps picture pixel (X, Y) to patch pixel
    ((m0 X + m1 Y + m2) / 65536, (m3 X + m4 Y + m5) / 65536). ``bias`` is added to the patch's Y, U
    and V, in sixteenths of a level, each within -4080..4080.
    """

    affine: tuple[int, int, int, int, int, int]
    bias: tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def from_floats(cls, affine: Sequence[float], bias: Sequence[float] = (0, 0, 0)) -> Placement:
        """The nearest placement to a float affine (patch pixels) and a float bias (levels)."""
        m = [round(float(value) * 65536) for value in affine]
        b = [round(float(value) * 16) for value in bias]
        if len(m) != 6 or len(b) != 3:
            raise ImxError(f"a placement takes 6 and 3 numbers, got {len(m)} and {len(b)}")
        return cls((m[0], m[1], m[2], m[3], m[4], m[5]), (b[0], b[1], b[2]))


@dataclass(frozen=True)
class Mouth:
    """One mouth picture: where the lips are in it, and the patch itself.

    ``coords`` are six numbers in the order of ``COORD_NAMES``; 1.0 is "fully", and each lies within
    -2..2. The file keeps them in steps of 1/4096. ``jpeg`` is the patch, of ``Avatar.patch_size``.
    """

    coords: tuple[float, ...]
    jpeg: bytes

    @classmethod
    def rest(cls) -> Mouth:
        """Mouth 0: all coordinates 0 and no picture, because the source frame shows it already."""
        return cls((0.0,) * len(COORD_NAMES), b"")

    @classmethod
    def from_q12(cls, coords: Sequence[int], jpeg: bytes) -> Mouth:
        """A mouth from coordinates in 1/4096."""
        return cls(tuple(int(value) / Q12 for value in coords), jpeg)

    @property
    def q12(self) -> tuple[int, ...]:
        """The coordinates as the file keeps them: integers in 1/4096."""
        return tuple(round(float(value) * Q12) for value in self.coords)


@dataclass(frozen=True)
class Clip:
    """An action: frames of their own, played once between two frames of the loop.

    ``name`` is a slug of at most 31 bytes, ``frames`` a range of indices into ``Avatar.frames``
    behind the loop's. The clip begins after the loop's frame ``leave`` was shown; after its last
    frame the loop goes on, forwards, at its frame ``rejoin``. An ``idle`` one is made to be played
    at random moments while nobody speaks. Clips may share frames.
    """

    name: str
    frames: range
    leave: int
    rejoin: int
    idle: bool = False


@dataclass(frozen=True, eq=False)
class Avatar:
    """Everything that an avatar file holds.

    ``bases`` are full pictures as JPEG, ``frames`` the source video in play order, then the frames
    of ``clips``, with one of ``placements`` each. The first ``loop_count`` frames are the loop;
    None stands for all in front of the first that is a clip's. ``mouths[0]`` is ``Mouth.rest()``.
    ``patch_size`` is (width, height) of every mouth patch, even and 8 to 1024; ``mask`` its alpha,
    uint8 of shape (height, width). ``encoder`` is an ONNX model that replaces the engine's own,
    ``thumbnail`` a JPEG.
    """

    manifest: Manifest
    bases: Sequence[bytes]
    frames: Sequence[SourceFrame]
    placements: Sequence[Placement]
    mouths: Sequence[Mouth]
    patch_size: tuple[int, int]
    mask: NDArray[np.uint8] = field(repr=False)
    encoder: bytes | None = field(default=None, repr=False)
    thumbnail: bytes | None = field(default=None, repr=False)
    clips: Sequence[Clip] = ()
    loop_count: int | None = None

    @property
    def loop_length(self) -> int:
        """How many frames the loop has."""
        if self.loop_count is not None:
            return self.loop_count
        return min((clip.frames.start for clip in self.clips), default=len(self.frames))


def require(condition: bool, message: str) -> None:
    if not condition:
        raise ImxError(message)


def check_avatar(avatar: Avatar) -> None:
    """Raise ImxError, naming the first thing that breaks a rule of the format."""
    check_manifest(avatar.manifest)
    _check_bases(avatar)
    _check_frames(avatar)
    _check_placements(avatar)
    _check_clips(avatar)
    _check_mouths(avatar)
    _check_decoded_size(avatar)
    require(avatar.encoder is None or len(avatar.encoder) > 0, "the encoder is empty")
    if avatar.thumbnail is not None:
        _jpeg_size(avatar.thumbnail, "the thumbnail")


def check_manifest(manifest: Manifest) -> None:
    for key in MANIFEST_TEXTS:
        _check_text(key, getattr(manifest, key))
    require(
        _SLUG.match(manifest.identity) is not None,
        f"identity must be a slug of a-z, 0-9, '.', '_' and '-', got {manifest.identity!r}",
    )
    for key in ("width", "height", "fps"):
        value = getattr(manifest, key)
        require(
            isinstance(value, int) and not isinstance(value, bool),
            f"{key} must be an integer, got {value!r}",
        )
    for key in ("width", "height"):
        value = getattr(manifest, key)
        require(
            MIN_SIDE <= value <= MAX_SIDE and value % 2 == 0,
            f"{key} must be even and {MIN_SIDE} to {MAX_SIDE}, got {value}",
        )
    require(manifest.fps == FPS, f"fps must be {FPS}, got {manifest.fps}")
    require(manifest.auth in AUTHS, f"auth must be one of {AUTHS}, got {manifest.auth!r}")
    metered = manifest.auth == "heartbeat"
    require(metered or not manifest.issuer, "an avatar without authorisation has no issuer")
    require(not metered or manifest.issuer != "", "a metered avatar needs an issuer, whom it asks")
    for key in ("unmetered", "insecure"):
        value = getattr(manifest, key)
        require(isinstance(value, bool), f"{key} must be true or false, got {value!r}")
    require(manifest.loop in LOOPS, f"loop must be one of {LOOPS}, got {manifest.loop!r}")


def _check_text(key: str, value: object) -> None:
    if not isinstance(value, str):
        raise ImxError(f"{key} must be text, got {value!r}")
    limit = MAX_NAME_BYTES if key in ("name", "identity", "issuer") else MAX_TEXT_BYTES
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise ImxError(f"{key} is not valid Unicode: {value!r}") from None
    require(size <= limit, f"{key} takes {size} bytes of UTF-8, the limit is {limit}")
    require(
        not any(ord(char) < 0x20 or ord(char) == 0x7F for char in value),
        f"{key} holds a control character: {value!r}",
    )
    require(key not in ("name", "identity") or size > 0, f"{key} is empty")


def _check_bases(avatar: Avatar) -> None:
    count = len(avatar.bases)
    require(1 <= count <= MAX_FRAMES, f"there must be 1 to {MAX_FRAMES} base pictures, got {count}")
    size = (avatar.manifest.width, avatar.manifest.height)
    for i, jpeg in enumerate(avatar.bases):
        _check_picture(jpeg, size, f"base picture {i}")


def _check_frames(avatar: Avatar) -> None:
    count = len(avatar.frames)
    require(1 <= count <= MAX_FRAMES, f"there must be 1 to {MAX_FRAMES} frames, got {count}")
    for i, frame in enumerate(avatar.frames):
        require(
            0 <= frame.base < len(avatar.bases),
            f"source frame {i} names base picture {frame.base} of {len(avatar.bases)}",
        )
        if frame.rect == (0, 0, 0, 0):
            require(not frame.jpeg, f"source frame {i} has a JPEG but no rectangle")
            continue
        check_rect(i, frame.rect, avatar.manifest)
        _check_picture(frame.jpeg, frame.rect[2:], f"the rectangle of source frame {i}")


def check_rect(index: int, rect: tuple[int, int, int, int], manifest: Manifest) -> None:
    x, y, w, h = rect
    for start, length, side in ((x, w, manifest.width), (y, h, manifest.height)):
        require(
            start >= 0
            and length > 0
            and start + length <= side
            and start % RECT_GRID == 0
            and (length % RECT_GRID == 0 or start + length == side),
            f"source frame {index} has the rectangle {w}x{h} at ({x}, {y}), which is off the "
            f"{RECT_GRID}-pixel grid or outside {manifest.width}x{manifest.height}",
        )


def _check_placements(avatar: Avatar) -> None:
    require(
        len(avatar.placements) == len(avatar.frames),
        f"{len(avatar.placements)} placements for {len(avatar.frames)} source frames",
    )
    for i, placement in enumerate(avatar.placements):
        check_placement(i, placement)


def check_placement(index: int, placement: Placement) -> None:
    try:  # index() refuses floats and frees numpy integers of their overflow
        m = [operator.index(value) for value in placement.affine]
        bias = [operator.index(value) for value in placement.bias]
    except TypeError:
        raise ImxError(f"placement {index} must hold integers, got {placement}") from None
    require(
        len(m) == 6 and all(-(2**31) <= value < 2**31 for value in m),
        f"placement {index} needs six 32-bit integers, got {m}",
    )
    linear = (m[0], m[1], m[3], m[4])
    require(
        all(abs(value) <= MAX_SCALE for value in linear)
        and abs(m[0] * m[4] - m[1] * m[3]) >= MIN_DETERMINANT,
        f"placement {index} shrinks or stretches the patch beyond 8 times, or is singular: {m}",
    )
    require(
        len(bias) == 3 and all(abs(value) <= MAX_BIAS for value in bias),
        f"placement {index} has a colour offset beyond {MAX_BIAS} sixteenths: {bias}",
    )


def _check_clips(avatar: Avatar) -> None:
    loop, total = avatar.loop_length, len(avatar.frames)
    if not avatar.clips:
        require(
            loop == total,
            f"loop_count is {loop} of {total} source frames, but no clip has the others",
        )
        return
    require(len(avatar.clips) <= MAX_CLIPS, f"{len(avatar.clips)} clips, the limit is {MAX_CLIPS}")
    require(1 <= loop <= total, f"loop_count is {loop}, there are {total} source frames")
    check_clip_names([clip.name for clip in avatar.clips])
    for clip in avatar.clips:
        _check_clip_place(clip, loop, total)


def check_clip_names(names: Sequence[str]) -> None:
    for i, name in enumerate(names):
        _check_clip_name(i, name)
        require(name not in names[:i], f"two clips have the name {name!r}")


def _check_clip_name(index: int, name: object) -> None:
    require(
        isinstance(name, str) and _SLUG.match(name) is not None,
        f"the name of clip {index} must be a slug of a-z, 0-9, '.', '_' and '-', got {name!r}",
    )
    size = len(str(name))
    require(
        size <= MAX_CLIP_NAME_BYTES,
        f"the name of clip {index} takes {size} bytes, the limit is {MAX_CLIP_NAME_BYTES}",
    )


def _check_clip_place(clip: Clip, loop: int, total: int) -> None:
    frames = clip.frames
    require(
        isinstance(frames, range) and frames.step == 1,
        f"the frames of clip {clip.name!r} must be a range of step 1, got {frames!r}",
    )
    require(len(frames) >= 1, f"clip {clip.name!r} has no frames")
    require(
        loop <= frames.start and frames.stop <= total,
        f"clip {clip.name!r} has the frames {frames.start} to {frames.stop - 1}, which do not lie "
        f"behind the loop of {loop} of {total} source frames",
    )
    for verb, frame in (("leaves", clip.leave), ("rejoins", clip.rejoin)):
        require(
            isinstance(frame, int) and not isinstance(frame, bool) and 0 <= frame < loop,
            f"clip {clip.name!r} {verb} the loop at frame {frame!r} of {loop}",
        )


def _check_mouths(avatar: Avatar) -> None:
    count = len(avatar.mouths)
    require(1 <= count <= MAX_MOUTHS, f"there must be 1 to {MAX_MOUTHS} mouths, got {count}")
    check_patch_size(avatar.patch_size)
    width, height = avatar.patch_size
    require(
        avatar.mask.dtype == np.uint8 and avatar.mask.shape == (height, width),
        f"the mask must be uint8 of shape {(height, width)}, got {avatar.mask.dtype} "
        f"{avatar.mask.shape}",
    )
    rest = avatar.mouths[0]
    require(not rest.jpeg and not any(rest.coords), "mouth 0 must be the rest mouth, Mouth.rest()")
    for i, mouth in enumerate(avatar.mouths):
        check_coords(i, mouth)
        if i > 0:
            _check_picture(mouth.jpeg, avatar.patch_size, f"mouth {i}")


def check_patch_size(size: tuple[int, int]) -> None:
    require(
        len(size) == 2
        and all(MIN_PATCH_SIDE <= side <= MAX_PATCH_SIDE and side % 2 == 0 for side in size),
        f"the patch size must be even and {MIN_PATCH_SIDE} to {MAX_PATCH_SIDE}, got {size}",
    )


def check_coords(index: int, mouth: Mouth) -> None:
    require(
        len(mouth.coords) == len(COORD_NAMES)
        and all(np.isfinite(value) for value in mouth.coords)
        and all(abs(value) <= MAX_COORD for value in mouth.q12),
        f"mouth {index} needs {len(COORD_NAMES)} coordinates within -2..2, got {mouth.coords}",
    )


def _check_picture(jpeg: bytes, size: tuple[int, ...], what: str) -> None:
    require(
        _jpeg_size(jpeg, what) == tuple(size),
        f"{what} is {_jpeg_size(jpeg, what)}, not {tuple(size)}, pixels",
    )


def _jpeg_size(jpeg: bytes, what: str) -> tuple[int, int]:
    try:
        info = jpeg_info(jpeg)
    except ValueError as error:
        raise ImxError(f"{what} is {error}") from None
    require(info.baseline and info.yuv420, f"{what} is not a baseline 4:2:0 JPEG")
    return info.width, info.height


def _check_decoded_size(avatar: Avatar) -> None:
    total = decoded_size(avatar)
    require(
        total <= MAX_DECODED_BYTES,
        f"the pictures take {total} bytes when decoded, the limit is {MAX_DECODED_BYTES}",
    )


def decoded_size(avatar: Avatar) -> int:
    """Bytes of all pictures as I420: what a player that decodes everything needs at most."""
    manifest = avatar.manifest
    total = len(avatar.bases) * i420_size(manifest.width, manifest.height)
    total += sum(i420_size(*frame.rect[2:]) for frame in avatar.frames)
    return total + len(avatar.mouths) * i420_size(*avatar.patch_size)


def i420_size(width: int, height: int) -> int:
    def rows(columns: int, count: int) -> int:
        return -(-columns // 64) * 64 * count

    return rows(width, height) + 2 * rows((width + 1) // 2, (height + 1) // 2)
