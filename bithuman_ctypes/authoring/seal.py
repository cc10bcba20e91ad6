"""Signing avatar files, metered ones and open ones; docs/imx.md, SIGN, says what is signed.

    key = SigningKey.read("studio.pem")
    sealed = seal(imx.read_bytes("ada.imx"), key, issuer="studio.example")
    imx.write_bytes("ada-sealed.imx", sealed.data)

A signature covers everything else in the file: a file that is changed later has to be sealed again.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring.keys import SigningKey

__all__ = ["Sealed", "SigningKey", "seal"]

_HEADLINE = b"imx signature 1\n"
_ROW = struct.Struct("<4sIQ")  # followed by the section's digest


class Sealed(NamedTuple):
    """A sealed file's bytes; ``digest``: what heartbeats call the avatar, 64 hexadecimal digits."""

    data: bytes
    digest: str


def seal(
    data: bytes,
    key: SigningKey,
    *,
    issuer: str | None,
    unmetered: bool = False,
    insecure: bool = False,
) -> Sealed:
    """Signs an avatar file, given as bytes, in place of a signature that it may have.

    ``issuer``: whose permission its frames need (heartbeats, docs/auth.md); None makes an open one.
    ``unmetered``: BITHUMAN_UNMETERED=1 may lift that, for development. ``insecure``: the issuer may
    be asked without verified TLS. Everything else stays as it is; the same input gives the same
    bytes. Raises ImxError, a ValueError, when the file is unsound or the issuer cannot be a name.
    """
    parts = container.unpack(data)
    parts.pop(imx.SIGNATURE, None)
    wishes = {"issuer": issuer or "", "unmetered": unmetered, "insecure": insecure}
    auth = {"auth": "none" if issuer is None else "heartbeat", **wishes}
    parts[imx.MANIFEST] = _with(parts[imx.MANIFEST], auth)
    imx.from_sections(parts)
    message = _message(parts)
    section = sections.pack_signature(bytes.fromhex(key.id), key.sign(message))
    sealed = container.pack([*parts.items(), (imx.SIGNATURE, section)])
    return Sealed(sealed, hashlib.blake2b(message, digest_size=32).hexdigest())


def _with(section: bytes, changes: Mapping[str, Any]) -> bytes:
    """A manifest with other values; what is empty or false is left out."""
    table = {**sections.unpack_table(section), **changes}
    return sections.pack_table(
        {name: value for name, value in table.items() if value or name not in changes}
    )


def _message(parts: Mapping[str, bytes]) -> bytes:
    message = _HEADLINE
    for name, section in parts.items():
        flags = container.SECTION_FLAGS.get(name, 0)
        message += _ROW.pack(name.encode("ascii"), flags, len(section))
        message += hashlib.blake2b(section, digest_size=32).digest()
    return message
