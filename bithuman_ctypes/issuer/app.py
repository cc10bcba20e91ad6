"""The interface over HTTP, an ASGI application. docs/auth.md is its contract."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bithuman_ctypes.issuer.accounts import DIGEST
from bithuman_ctypes.issuer.counters import Counters
from bithuman_ctypes.issuer.credentials import Claim, Tokens, claim_of_secret
from bithuman_ctypes.issuer.ledger import Answer, Beat, Ledger, Verdict
from bithuman_ctypes.issuer.limits import Limiter
from bithuman_ctypes.issuer.log import log
from bithuman_ctypes.issuer.openapi import document
from bithuman_ctypes.issuer.writer import Overloaded, Writer

BODY_MAX = 65536
TEXT_MAX = 1024
AVATARS_MAX = 64
"""Of one beat: a transaction's, of all its beats, go into one question (SQLite: 32766 values)."""

COUNT_MAX = 2**40
"""Frames: a thousand years of them."""

UNKNOWN_RATE, UNKNOWN_BURST = 1.0, 20.0
"""Unknown credentials from one address, before nobody new is heard from there."""

SESSIONS_RETRY = 30
OVERLOAD_RETRY = 5
"""Seconds, of Retry-After."""

SESSION = re.compile("[!-~]{1,64}")
GOOD = b'{"status":"ok"}'
REFUSALS = {
    Verdict.UNKNOWN: (401, "unknown", "these credentials are not known, or over"),
    Verdict.REVOKED: (403, "revoked", "this secret was revoked"),
    Verdict.SUSPENDED: (403, "suspended", "the account is suspended"),
    Verdict.AVATAR: (403, "avatar", "the account may not play this avatar"),
    Verdict.BALANCE: (402, "balance", "the account has no minutes left"),
    Verdict.SESSIONS: (429, "sessions", "as many sessions run as the account may have"),
}


@dataclass(frozen=True)
class Settings:
    """What a service is told. ``rate``: requests a second of one secret, three times as many at
    once."""

    token_lifetime: int = 3600
    rate: float = 100.0


class _Refused(Exception):
    def __init__(self, code: int, word: str, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.word = word
        self.retry_after = math.ceil(retry_after)

    def response(self) -> Response:
        headers = {"retry-after": str(self.retry_after)} if self.retry_after else None
        body = {"status": "error", "error": self.word, "message": str(self)}
        return JSONResponse(body, self.code, headers)


class Service:
    """An issuer on its ledger. Thread-safety: that of its event loop."""

    def __init__(self, ledger: Ledger, key: bytes, settings: Settings) -> None:
        self._ledger = ledger
        self._tokens = Tokens(key, settings.token_lifetime)
        self._known = Limiter(settings.rate, 3 * settings.rate)
        self._unknown = Limiter(UNKNOWN_RATE, UNKNOWN_BURST)
        self._writer = Writer(self._apply, self._failed)
        self.counters = Counters(ledger.running)

    def application(self) -> Starlette:
        """What a server of ASGI runs."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await self._writer.close()

        return Starlette(
            routes=[
                Route("/v1/heartbeat", self._heartbeat, methods=["POST"]),
                Route("/v1/token", self._token, methods=["POST"]),
                Route("/openapi.json", self._openapi),
                Route("/health", self._health),
            ],
            lifespan=lifespan,
        )

    # ------------------------------------------------------------ requests

    async def _heartbeat(self, request: Request) -> Response:
        start = time.perf_counter()
        try:
            response = await self._answer_beat(request)
        except _Refused as refused:
            response = refused.response()
        except ClientDisconnect:
            return Response(status_code=400)
        self.counters.seconds.observe(time.perf_counter() - start)
        self.counters.answers.labels("heartbeat", response.status_code).inc()
        return response

    async def _answer_beat(self, request: Request) -> Response:
        claim = self._admit(request)
        beat = _read_beat(claim, await _read_body(request))
        try:
            verdict, charged = await self._writer.book(beat)
        except Overloaded:
            raise _Refused(503, "overloaded", "come again", OVERLOAD_RETRY) from None
        self.counters.minutes.inc(charged)
        self._judge(request, claim, verdict)
        if claim.proof is None:
            return Response(GOOD, media_type="application/json")
        # So that the secret need not come again for a while.
        return JSONResponse({"status": "ok", "token": self._tokens.sign(claim.secret_id)})

    async def _token(self, request: Request) -> Response:
        try:
            response = await self._answer_token(request)
        except _Refused as refused:
            response = refused.response()
        self.counters.answers.labels("token", response.status_code).inc()
        return response

    async def _answer_token(self, request: Request) -> Response:
        claim = self._admit(request)
        if claim.proof is None:
            raise _Refused(401, "unknown", "a token is made from a secret, not from a token")
        try:
            verdict = await run_in_threadpool(self._ledger.check, claim)
        except SQLAlchemyError as error:
            self._failed(error)
            raise _Refused(503, "overloaded", "come again", OVERLOAD_RETRY) from None
        self._judge(request, claim, verdict)
        token = self._tokens.sign(claim.secret_id)
        answer = {"status": "ok", "token": token, "expires_in": self._tokens.lifetime}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(document())

    async def _health(self, _: Request) -> Response:
        try:
            await run_in_threadpool(self._ledger.ping)
        except SQLAlchemyError as error:
            self._failed(error)
            return JSONResponse({"status": "error"}, 503)
        return JSONResponse({"status": "ok"})

    # ------------------------------------------------------------ who

    def _admit(self, request: Request) -> Claim:
        """Who asks, if he does not ask too often. One whose credentials were good before has a
        bucket of his own, so that a stranger at the same address cannot shut him out."""
        claim = self._claim(request.headers)
        address = _address(request)
        buckets, key = (self._known, claim) if claim in self._known else (self._unknown, address)
        wait = buckets.wait(key)
        if wait > 0:
            raise _Refused(429, "rate", "too many requests", wait)
        if claim is None:
            self._unknown.take(address)
            raise _Refused(*REFUSALS[Verdict.UNKNOWN])
        if buckets is self._known:
            buckets.take(key)
        return claim

    def _claim(self, headers: Mapping[str, str]) -> Claim | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._tokens.claim(token)
        return claim_of_secret(headers.get("api-secret", ""))

    def _judge(self, request: Request, claim: Claim, verdict: Verdict) -> None:
        if verdict is Verdict.UNKNOWN:
            self._unknown.take(_address(request))
        elif claim not in self._known:
            self._known.take(claim)
        if verdict is not Verdict.OK:
            log.info("%s refuses %s: %s", request.url.path, claim.secret_id, verdict.value)
            wait = SESSIONS_RETRY if verdict is Verdict.SESSIONS else 0
            raise _Refused(*REFUSALS[verdict], wait)

    # ------------------------------------------------------------ the writer's thread

    def _apply(self, beats: Sequence[Beat]) -> list[Answer]:
        self.counters.batch.observe(len(beats))
        return self._ledger.apply(beats)

    def _failed(self, error: Exception) -> None:
        self.counters.failures.inc()
        if isinstance(error, SQLAlchemyError):
            why = getattr(error, "orig", None) or type(error).__name__
            log.error("the database fails: %s", why)
        else:
            log.error("a transaction fails", exc_info=error)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


# ---------------------------------------------------------------- bodies


async def _read_body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            raise _Refused(413, "large", f"a heartbeat has at most {BODY_MAX} bytes")
    return body


def _read_beat(claim: Claim, body: bytes) -> Beat:
    try:
        parsed = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        raise _bad("a heartbeat is JSON") from None
    if not isinstance(parsed, dict):
        raise _bad("a heartbeat is a JSON object")
    if parsed.get("version") != 1:
        raise _bad("version is 1")
    _count(parsed, "beat")
    session_id = parsed.get("session_id")
    if not isinstance(session_id, str) or not SESSION.fullmatch(session_id):
        raise _bad("session_id has 1 to 64 visible ASCII characters")
    return Beat(
        claim,
        session_id,
        _count(parsed, "frames_served"),
        _avatars(parsed),
        _label(parsed, "tags"),
        _label(parsed, "transaction_id"),
    )


def _avatars(body: dict[str, Any]) -> tuple[str, ...]:
    listed = body.get("avatars", [])
    if not isinstance(listed, list) or len(listed) > AVATARS_MAX:
        raise _bad(f"avatars is a list of at most {AVATARS_MAX}")
    return tuple(_digest(avatar) for avatar in listed)


def _digest(avatar: object) -> str:
    digest = avatar.get("digest") if isinstance(avatar, dict) else None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise _bad("each of avatars has a digest of 64 hexadecimal digits")
    return digest


def _count(body: dict[str, Any], key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= COUNT_MAX:
        raise _bad(f"{key} is a whole number, 0 to {COUNT_MAX}")
    return value


def _label(body: dict[str, Any], key: str) -> str | None:
    """A host's own words, which are no reason to refuse him."""
    value = body.get(key)
    if not isinstance(value, str):
        return None
    return "".join(c if c.isprintable() else "?" for c in value[:TEXT_MAX])


def _bad(message: str) -> _Refused:
    return _Refused(400, "body", message)
