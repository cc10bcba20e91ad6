"""Who an avatar shows, and that the person agreed: the words of its manifest."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bithuman_ctypes.authoring._imx_model import check_manifest
from bithuman_ctypes.authoring.imx import ImxError, Manifest
from bithuman_ctypes.errors import InvalidArgumentError


@dataclass(frozen=True)
class Card:
    """The words that go into the file.

    ``consent`` is a statement of who agreed to be shown, or why nobody had to: it must not be
    empty. ``identity`` is a slug; None makes one of ``name``. ``source``: where the pictures come
    from. Raises InvalidArgumentError where a value breaks a rule of the format.
    """

    name: str
    consent: str
    identity: str | None = None
    license: str = "All rights reserved"
    description: str = ""
    source: str = "a film"

    def __post_init__(self) -> None:
        if not self.consent.strip():
            raise InvalidArgumentError(
                "an avatar of a person needs that person's consent: say who agreed, such as 'I am "
                "Ada Lovelace, this is my own face'"
            )
        try:
            check_manifest(self.manifest((64, 64), "forward"))
        except ImxError as error:
            raise InvalidArgumentError(str(error)) from None

    def manifest(self, size: tuple[int, int], way: str) -> Manifest:
        """The manifest of pictures of a size (width, height) that are played a way."""
        from bithuman_ctypes import __version__

        return Manifest(
            name=self.name,
            identity=slug(self.name) if self.identity is None else self.identity,
            width=size[0],
            height=size[1],
            license=self.license,
            source=self.source,
            tool=f"bithuman-ctypes create {__version__}",
            loop=way,
            description=self.description,
            consent=self.consent,
        )


def slug(name: str) -> str:
    """A name as an identity: "Zoë B." becomes "zoe-b"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "avatar"
