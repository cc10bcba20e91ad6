"""Secrets and tokens.

A secret is ``be_ID_RANDOM``. The id is no secret: it finds the row and stands in lists and logs.
The random part has 256 bits, so nobody can guess it, and a fast digest keeps it as safe as a slow
one would: slow ones (scrypt, argon2) are for passwords, which people choose, and would let an
attacker keep the processor busy. Digests are compared in constant time.

A token is a JSON web token that this issuer signs, made from a secret and good for a while; it dies
with its secret.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import jwt

from bithuman_ctypes.errors import InvalidArgumentError, OutputError

KEY_BYTES = 32
ALGORITHM = "HS256"
VERIFIED = 20_000
"""Tokens that were verified and need not be again; what was not good is not kept."""

LEEWAY = 30  # seconds by which the clocks of several issuers may differ

SECRET = re.compile(r"be_([a-z0-9]{12})_[A-Za-z0-9_-]{43}")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Claim(NamedTuple):
    """Who somebody says he is. ``proof``: the digest of the secret that he showed; None for a
    token, whose signature was verified."""

    secret_id: str
    proof: bytes | None


def new_secret() -> tuple[str, str, bytes]:
    """The secret's id, the secret, and the digest to keep."""
    secret_id = "".join(secrets.choice(ALPHABET) for _ in range(12))
    secret = f"be_{secret_id}_{secrets.token_urlsafe(32)}"
    return secret_id, secret, _digest(secret)


def claim_of_secret(secret: str) -> Claim | None:
    """None for what cannot be a secret of ours."""
    match = SECRET.fullmatch(secret)
    return None if match is None else Claim(match[1], _digest(secret))


def proves(claim: Claim, digest: bytes) -> bool:
    """Whether the claim goes with the digest that was kept."""
    return claim.proof is None or hmac.compare_digest(claim.proof, digest)


def _digest(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"issuer-secret").digest()


class Tokens:
    """Signs and verifies tokens. ``lifetime`` in seconds."""

    def __init__(self, key: bytes, lifetime: int) -> None:
        self._key = key
        self.lifetime = lifetime
        self._verified = lru_cache(VERIFIED)(self._verify)  # a token comes once a minute

    def sign(self, secret_id: str) -> str:
        """A token made from this secret."""
        now = int(time.time())
        claims = {"sub": secret_id, "iat": now, "exp": now + self.lifetime}
        token: str = jwt.encode(claims, self._key, ALGORITHM)
        return token

    def claim(self, token: str) -> Claim | None:
        """None for a token that is not ours, or over."""
        try:
            secret_id, expires = self._verified(token)
        except jwt.InvalidTokenError:
            return None
        return None if time.time() > expires + LEEWAY else Claim(secret_id, None)

    def _verify(self, token: str) -> tuple[str, int]:
        claims = jwt.decode(
            token,
            self._key,
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["sub", "iat", "exp"]},
        )
        return str(claims["sub"]), int(claims["exp"])


def load_key(path: Path) -> bytes:
    """The key that signs tokens; made, readable by its owner alone, where there is none."""
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read_key(path)
        key = secrets.token_bytes(KEY_BYTES)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.hex().encode() + b"\n")
        return key
    except OSError as error:
        raise OutputError(f"the key {path} cannot be used: {error.strerror}") from None


def _read_key(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise InvalidArgumentError(
            f"others may read the key {path}: chmod 600 it, or remove it for a new one"
        )
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidArgumentError(
            f"the key {path} is not {2 * KEY_BYTES} hexadecimal digits: remove it for a new one"
        )
    return key
