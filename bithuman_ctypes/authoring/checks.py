"""Every check of an avatar file, with a verdict each. A reader stops at the first fault."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from functools import partial
from typing import Callable, NamedTuple

import numpy as np

from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring._imx_model import ImxError, decoded_size, require
from bithuman_ctypes.errors import BithumanError, ModelSecurityError, RuntimeNotReadyError

OK, FAIL, WARN, SKIP = "ok", "fail", "warn", "skip"


class Verdict(NamedTuple):
    """What one check came to: ``state`` is ok, fail, warn (it plays, but) or skip (not looked)."""

    state: str
    check: str
    text: str


class _Fault(Exception):
    """A check failed in a way that does not stop the avatar from being played."""


def verdicts(path: imx.StrPath) -> list[Verdict]:
    """The checks of a file in order; those that need what failed are skipped.

    Raises OSError when the file cannot be read and ImxError when it is too large to be looked at.
    """
    data = imx.read_bytes(path)
    run = _Run()
    avatar = _tables(run, data)
    checks: dict[str, Callable[[imx.Avatar], str]] = {
        "pictures": _pictures,
        "mask": _mask,
        "mouths reach": _reach,
        "engine": lambda _: _engine(path),
    }
    for name, check in checks.items():
        run.check(name, partial(check, avatar) if avatar else None)
    return run.verdicts


class _Run:
    """Collects verdicts."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def check(self, name: str, job: Callable[[], str] | None) -> bool:
        """Does one check, which says in a word what it found; None stands for one that cannot."""
        state, text = SKIP, "needs what failed before"
        if job is not None:
            try:
                state, text = OK, job()
            except ImxError as error:
                state, text = FAIL, str(error)
            except _Fault as error:
                state, text = WARN, str(error)
            except _Unavailable as error:
                text = str(error)
        self.verdicts.append(Verdict(state, name, text))
        return state in (OK, WARN)


class _Unavailable(Exception):
    """A check needs something that is not installed."""


def _tables(run: _Run, data: bytes) -> imx.Avatar | None:
    """The container and the tables; the avatar when all of it is sound."""
    table: list[container.Section] = []
    avatars: list[imx.Avatar] = []

    def header() -> str:
        return f"{container.read_header(data)} sections in {len(data)} bytes"

    def contents() -> str:
        table.extend(container.read_table(data))
        return " ".join(section.name for section in table)

    def places() -> str:
        container.check_place(data, table)
        return "aligned, in order, zeros between them"

    def values() -> str:
        avatars.append(imx.from_sections({each.name: each.of(data) for each in table}))
        return f"{decoded_size(avatars[0])} bytes when decoded"

    found = run.check("header", header) and run.check("table of contents", contents)
    placed = run.check("places", places if found else None)
    sums = [
        run.check(f"checksum {section.name}", partial(_sum, data, section)) for section in table
    ]
    parts = {section.name: section.of(data) for section in table}
    run.check("sections", partial(_required, parts) if found else None)
    run.check("manifest", partial(_manifest, parts) if imx.MANIFEST in parts else None)
    run.check("values", values if placed and all(sums) else None)
    return avatars[0] if avatars else None


def _sum(data: bytes, section: container.Section) -> str:
    container.check_sum(data, section)
    return f"{section.length} bytes, {section.crc32:08x}"


def _required(parts: dict[str, bytes]) -> str:
    for name in imx.REQUIRED:
        require(name in parts, f"section {name} is missing")
    known = {*imx.REQUIRED, imx.CLIPS, imx.ENCODER, imx.THUMBNAIL, imx.SIGNATURE}
    others = sorted(set(parts) - known)
    return "all that are required" + (f"; unknown: {' '.join(others)}" if others else "")


def _manifest(parts: dict[str, bytes]) -> str:
    manifest = sections.unpack_manifest(parts[imx.MANIFEST])
    return f"{manifest.name!r}, {manifest.width}x{manifest.height}, {manifest.auth}"


def _pictures(avatar: imx.Avatar) -> str:
    """Every picture decodes to its end."""
    count = 0
    for what, jpeg in _jpegs(avatar):
        try:
            _decode(jpeg)
        except (OSError, ValueError, SyntaxError) as error:
            raise ImxError(f"{what} cannot be decoded: {error}") from None
        count += 1
    return f"{count} decoded"


def _jpegs(avatar: imx.Avatar) -> Iterator[tuple[str, bytes]]:
    seen: set[bytes] = set()
    lists = {
        "base picture": list(avatar.bases),
        "source frame": [frame.jpeg for frame in avatar.frames],
        "mouth": [mouth.jpeg for mouth in avatar.mouths],
        "thumbnail": [avatar.thumbnail or b""],
    }
    for what, jpegs in lists.items():
        for i, jpeg in enumerate(jpegs):
            if jpeg and jpeg not in seen:
                seen.add(jpeg)
                yield f"{what} {i}", jpeg


def _decode(jpeg: bytes) -> None:
    try:
        from PIL import Image
    except ImportError:
        raise _Unavailable("needs Pillow: pip install pillow") from None
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            image.load()
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None


def _mask(avatar: imx.Avatar) -> str:
    mask = avatar.mask
    border = int(max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()))
    if len(avatar.mouths) > 1 and not mask.any():
        raise _Fault("it is 0 everywhere: no mouth will ever be seen")
    if border > 8:
        raise _Fault(f"it is {border} at its border, not 0: an edge may show around the mouth")
    return f"{(mask > 0).mean():.0%} of the patch, 0 at its border"


def _reach(avatar: imx.Avatar) -> str:
    """What the encoder asks for most: lips that part and meet, and are round and spread."""
    coords = np.array([mouth.coords for mouth in avatar.mouths])
    openness, width = coords[:, 0], coords[:, 1]
    text = (
        f"{len(coords)} mouths: openness {openness.min():.2f} to {openness.max():.2f}, "
        f"width {width.min():.2f} to {width.max():.2f}"
    )
    if openness.max() < 0.5:
        raise _Fault(f"{text}; no mouth is open")
    return text


def _engine(path: imx.StrPath) -> str:
    """The engine itself reads the file."""
    from bithuman_ctypes._lowlevel import Fixture

    try:
        with Fixture(os.fspath(path)) as fixture:
            return f"loaded, {fixture.source_frame_count} source frames"
    except RuntimeNotReadyError as error:
        raise _Unavailable(str(error)) from None
    except BithumanError as error:
        if isinstance(error, ModelSecurityError) and "no keys are trusted here" in str(error):
            raise _Unavailable(str(error)) from None  # the file may be as good as it can be
        raise ImxError(str(error)) from None
