"""Ed25519 keys as PEM files, which openssl reads and writes too (RFC 8410)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Union

from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.gate import check
from bithuman_ctypes.errors import InvalidArgumentError, ModelNotFoundError

__all__ = ["SigningKey", "public_path"]

StrPath = Union[str, "os.PathLike[str]"]

SEED_BYTES = 32
ID_BYTES = 16
MAX_FILE_BYTES = 64 * 1024

_PRIVATE_PREFIX = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC_PREFIX = bytes.fromhex("302a300506032b6570032100")
_PRIVATE = re.compile(
    r"-----BEGIN (ENCRYPTED )?PRIVATE KEY-----(.*?)-----END (?:ENCRYPTED )?PRIVATE KEY-----", re.S
)


class SigningKey:
    """A studio's private key. Nothing of it is shown by ``repr`` or in an exception.

    ``public``: the 32 bytes of the public half; ``id``: what signatures call it, 32 hexadecimal
    digits.
    """

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise InvalidArgumentError(f"a private key has {SEED_BYTES} bytes, not {len(seed)}")
        self._seed = seed
        self.public, _ = _sign(seed, b"")
        self.id = hashlib.blake2b(self.public, digest_size=32).digest()[:ID_BYTES].hex()

    @classmethod
    def new(cls) -> SigningKey:
        """A random one."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def read(cls, path: StrPath) -> SigningKey:
        """The key in a PEM file. Raises ModelNotFoundError when it cannot be opened and
        InvalidArgumentError when it holds no such key."""
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                text = file.read(MAX_FILE_BYTES)
        except OSError as error:
            raise ModelNotFoundError(f"cannot open the key {path}: {error.strerror}") from None
        found = _PRIVATE.search(text)
        if found is not None and found[1]:
            raise InvalidArgumentError(
                f"the key {path} is encrypted; `openssl pkey -in {path} -out PLAIN.pem` decrypts it"
            )
        der = _decoded(found[2]) if found is not None else b""
        if not der.startswith(_PRIVATE_PREFIX) or len(der) != len(_PRIVATE_PREFIX) + SEED_BYTES:
            raise InvalidArgumentError(
                f"{path} holds no private key of Ed25519 as PEM: `seal --new-key` makes one"
            )
        return cls(der[len(_PRIVATE_PREFIX) :])

    def write(self, path: StrPath) -> Path:
        """Writes the key, readable by its owner alone, and its public half beside it with the
        ending .pub, whose path is returned. Neither may exist. Raises OSError, and
        InvalidArgumentError for a name that is the public half's."""
        private = Path(path)
        if not private.name or private.suffix == ".pub":
            raise InvalidArgumentError(
                f"a private key cannot be called {str(path)!r}: KEY.pem can, and KEY.pub goes "
                "beside it"
            )
        public = public_path(private)
        if public.exists():
            raise FileExistsError(f"{public} exists already")
        _write_new(private, _pem("PRIVATE", _PRIVATE_PREFIX + self._seed), 0o600)
        try:
            _write_new(public, _pem("PUBLIC", _PUBLIC_PREFIX + self.public), 0o644)
        except BaseException:
            private.unlink()
            raise
        return public

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature; the same for the same message."""
        return _sign(self._seed, message)[1]

    def __repr__(self) -> str:
        return f"<SigningKey {self.id}>"


def public_path(path: StrPath) -> Path:
    """Where the public half of a key stands: KEY.pub for KEY.pem."""
    return Path(path).with_suffix(".pub")


def _sign(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    public, signature = ffi.new("uint8_t[32]"), ffi.new("uint8_t[64]")
    given, text = ffi.from_buffer("uint8_t[]", seed), ffi.from_buffer("char[]", message)
    check(library().be_sign(given, text, len(message), public, signature))
    return bytes(ffi.buffer(public)), bytes(ffi.buffer(signature))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _pem(kind: str, der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    return f"-----BEGIN {kind} KEY-----\n{text}\n-----END {kind} KEY-----\n".encode()


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:  # half a key is none
        path.unlink()
        raise
