"""The right to metered avatars, in Python's terms.

An open avatar needs none of this: for it nothing here is ever made, and nothing connects. The
heartbeat itself is the C library's; docs/auth.md has the protocol.
"""

from __future__ import annotations

import atexit
import os
import time
import weakref
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urljoin

from bithuman_ctypes import errors
from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.fixture import Fixture
from bithuman_ctypes._lowlevel.gate import check, error_of, text
from bithuman_ctypes._lowlevel.handle import Handle
from bithuman_ctypes._once import warn_once

__all__ = ["Authorisation", "AuthorisationInfo", "Credentials", "authorise"]

SECRET_VARIABLE = "BITHUMAN_API_SECRET"
URL_VARIABLE = "BITHUMAN_API_URL"

FOREIGN_URL = "https://auth.api.bithuman.ai/v1/runtime-tokens/request"
"""What plugins pass when their users said nothing. That is nobody's decision, so a secret does not
go there; who means it sets BITHUMAN_API_URL."""

FINGERPRINT_LENGTH = 32

_live: weakref.WeakSet[Authorisation] = weakref.WeakSet()


@dataclass
class Credentials:
    """What a host says about its right. Secrets are not shown by ``repr``."""

    api_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    api_url: str | None = None
    tags: str | None = "bithuman"
    fingerprint: str | None = None
    billing_type: str | None = None
    agent_code: str | None = None
    transaction_id: str | None = None
    insecure: bool = False

    def secret(self) -> str | None:
        """The secret, or that of BITHUMAN_API_SECRET."""
        return self.api_secret or os.environ.get(SECRET_VARIABLE) or None

    def url(self) -> str | None:
        """Where heartbeats go; None when the host said nothing.

        ``api_url`` is any address of the issuer's interface: the last part of its path is replaced
        by "heartbeat".
        """
        given = self.api_url if self.api_url != FOREIGN_URL else None
        base = given or os.environ.get(URL_VARIABLE) or None
        return None if base is None else urljoin(base, "heartbeat")

    def labels(self) -> str | None:
        """The tags with the agent's code."""
        if not self.agent_code:
            return self.tags
        if ";" in self.agent_code:
            raise errors.InvalidArgumentError(
                f"an agent code has no semicolon, unlike {self.agent_code!r}"
            )
        return f"{self.tags or ''};agent={self.agent_code}"


class AuthorisationInfo(NamedTuple):
    """be_auth_info_t."""

    state: int
    running: bool
    failures: int
    beats: int
    frames: int
    token_expires: int
    allowed_us: int


class Authorisation(Handle):
    """be_auth_t: credentials and their heartbeat. Thread-safety: any thread.

    ``interval`` and ``grace`` in seconds, 0 is the engine's default (60, 300).
    """

    def __init__(self, credentials: Credentials, interval: int = 0, grace: int = 0) -> None:
        self._lib = library()
        options, _kept = _to_c(
            api_secret=credentials.secret(),
            token=credentials.token,
            endpoint_url=credentials.url(),
            tags=credentials.labels(),
            fingerprint=_fingerprint(credentials.fingerprint),
            billing_type=credentials.billing_type,
            transaction_id=credentials.transaction_id,
        )
        options.flags = c.BE_AUTH_INSECURE if credentials.insecure else 0
        options.interval_seconds = interval
        options.offline_grace_seconds = grace
        out = ffi.new("be_auth_t **")
        check(self._lib.be_auth_context_open(options, out))
        self._own(out[0], self._lib.be_auth_context_destroy)
        _live.add(self)

    def authenticate(self) -> None:
        """The first heartbeat; waits for its answer, at most 20 s.

        Raises TokenExpiredError, TokenValidationError (HTTP 401), AccountStatusError (402, 403),
        TokenRequestError (no good answer), NotSupported (no libcurl).
        """
        self._check(self._call(self._lib.be_auth_context_authenticate))

    def start(self) -> None:
        """Begins to beat on a thread of the library's, unless it does."""
        self._check(self._call(self._lib.be_auth_context_start_heartbeat))

    def stop(self) -> None:
        """Ends the heartbeat within a moment; the right lasts for what remains of it."""
        self._call(self._lib.be_auth_context_stop_heartbeat)

    def update(self, **texts: str | None) -> None:
        """Changes api_secret, token, endpoint_url, tags, billing_type or transaction_id from the
        next beat on; None leaves what there is."""
        options, _kept = _to_c(**texts)
        self._check(self._call(self._lib.be_auth_context_update, options))

    def add_avatar(self, fixture: Fixture) -> None:
        """Has heartbeats tell of an avatar from now on; streams on it do the same.

        Raises ModelSecurityError when the issuer is to be asked without verified TLS and the avatar
        does not allow that.
        """
        owned = fixture._enter()
        try:
            self._check(self._call(self._lib.be_auth_context_add_avatar, owned.pointer))
        finally:
            del owned

    @property
    def info(self) -> AuthorisationInfo:
        """Where it stands."""
        found = ffi.new("be_auth_info_t *")
        found.struct_size = ffi.sizeof("be_auth_info_t")
        check(self._call(self._lib.be_auth_context_get_info, found))
        numbers = {name: int(getattr(found, name)) for name in AuthorisationInfo._fields}
        return AuthorisationInfo(running=bool(numbers.pop("running")), **numbers)

    @property
    def last_error(self) -> str:
        """Why the last heartbeat failed, "" when it did not."""
        return text(self._call(self._lib.be_auth_context_last_error))

    @property
    def expires(self) -> int:
        """When the token ends, in seconds since 1970; without one, when the right does."""
        info = self.info
        return info.token_expires or int(time.time() + info.allowed_us / 1e6)

    def _check(self, status: int) -> None:
        if status == c.BE_OK:
            return
        error = error_of(status)
        if status == c.BE_ERR_NO_AUTH:
            raise errors.TokenRequestError(str(error))
        if status == c.BE_ERR_AUTH_FATAL:
            info = self.info
            if info.state == c.BE_AUTH_FATAL_UNAUTHORIZED:
                expired = 0 < info.token_expires <= time.time()
                kind = errors.TokenExpiredError if expired else errors.TokenValidationError
                raise kind(str(error))
        raise error

    def __repr__(self) -> str:
        return f"<Authorisation{', closed' if self.closed else ''}>"


def authorise(fixture: Fixture, credentials: Credentials) -> None:
    """Gives a metered avatar its right, ``fixture.auth``; does nothing for an open one.

    Waits for the first heartbeat. Raises what ``Authorisation.authenticate`` does,
    ModelSecurityError for ``insecure`` unless the avatar allows it, TokenValidationError without
    any credentials, and InvalidArgumentError for ones that cannot be.
    """
    metering = fixture.metering
    if metering == c.BE_METERING_LIFTED:
        warn_once(
            "BITHUMAN_UNMETERED: this avatar is played without authorisation, which its manifest "
            "allows for development"
        )
    if metering != c.BE_METERING_HEARTBEAT:
        return
    _require(credentials)
    right = Authorisation(credentials)
    try:
        right.add_avatar(fixture)
        if credentials.insecure:
            warn_once(
                "insecure=True: the secret goes to whoever answers in the issuer's place; "
                "SSL_CERT_FILE names the certificates of an authority of one's own"
            )
        right.authenticate()
        right.start()
    except BaseException:
        right.close()
        raise
    fixture.auth = right


def _require(credentials: Credentials) -> None:
    if credentials.secret() is None and credentials.token is None:
        raise errors.TokenValidationError(
            f"this avatar asks for authorisation: give api_secret (or {SECRET_VARIABLE}) or token"
        )
    if credentials.url() is None:
        raise errors.TokenRequestError(
            f"this avatar asks for authorisation: give api_url (or {URL_VARIABLE}), the address of "
            "its issuer; a secret goes nowhere else"
        )


def _fingerprint(given: str | None) -> str | None:
    if given is not None and len(given.encode()) != FINGERPRINT_LENGTH:
        raise errors.InvalidArgumentError(
            f"a fingerprint has {FINGERPRINT_LENGTH} characters, not {len(given.encode())}"
        )
    return given


def _to_c(**texts: object) -> tuple[Any, list[Any]]:
    """be_auth_options_t, and what its pointers point to."""
    options = ffi.new("be_auth_options_t *")
    options.struct_size = ffi.sizeof("be_auth_options_t")
    kept = []
    for name, value in texts.items():
        if value is None:
            continue
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, not {type(value).__name__}")
        if "\0" in value:
            raise errors.InvalidArgumentError(f"{name} has a zero byte in it")
        # Looked for by hand: a UnicodeEncodeError would hold the value, which may be a secret.
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise errors.InvalidArgumentError(f"{name} is not valid Unicode")
        kept.append(ffi.new("char[]", value.encode()))
        setattr(options, name, kept[-1])
    return options, kept


def _stop_all() -> None:
    # A request must not be on its way while the process takes its libraries down.
    for right in list(_live):
        if not right.closed and not right.foreign:
            right.stop()


atexit.register(_stop_all)
