"""What beats do to the books, and the answers: many beats in one transaction.

Accounts and then sessions are locked, in the order of their ids, before they are read, so what is
decided here holds until the commit. An answer is given after it; a beat whose answer was lost comes
again and changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, NamedTuple

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, select, update

from bithuman_ctypes.issuer import schema
from bithuman_ctypes.issuer.credentials import Claim, proves
from bithuman_ctypes.issuer.metering import minutes_granted, minutes_served

SESSION_WINDOW = 90
"""Seconds after its last good beat in which a session counts as running: the interval, and half."""


class Verdict(Enum):
    """What a beat comes to. The value is what the books call it."""

    OK = "ok"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    AVATAR = "avatar"
    BALANCE = "balance"
    SESSIONS = "sessions"


_WORDS = {verdict: verdict.value for verdict in Verdict}  # .value takes its time
_RUNNING_VERDICT = Verdict.OK.value


class Beat(NamedTuple):
    """A heartbeat that was understood. All texts are printable; ``avatars`` are
    digests."""

    claim: Claim
    session_id: str
    frames: int
    avatars: tuple[str, ...] = ()
    tags: str | None = None
    transaction_id: str | None = None


class Answer(NamedTuple):
    """What came of it, and the minutes that it was charged."""

    verdict: Verdict
    charged: int = 0


@dataclass
class _Account:
    id: int
    balance: int
    max_sessions: int
    suspended: bool
    running: int = -1  # sessions; -1: nobody asked
    avatars: set[str] = field(default_factory=set)  # that it may play, of those asked for
    spent: int = 0


@dataclass
class _Secret:
    digest: bytes
    revoked: bool
    account: _Account


@dataclass
class _Session:
    id: str
    account_id: int
    frames: int
    minutes: int
    seen: int
    verdict: str
    new: Beat | None = None  # the one that began it
    changed: bool = False


_SECRETS = (
    select(
        schema.secrets.c.id,
        schema.secrets.c.digest,
        schema.secrets.c.revoked,
        schema.accounts.c.id.label("account_id"),
        schema.accounts.c.balance,
        schema.accounts.c.max_sessions,
        schema.accounts.c.suspended,
    )
    .join(schema.accounts, schema.accounts.c.id == schema.secrets.c.account_id)
    .where(schema.secrets.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(schema.accounts.c.id)
    .with_for_update(of=schema.accounts)
)

_SESSIONS = (
    select(
        schema.sessions.c.id,
        schema.sessions.c.account_id,
        schema.sessions.c.frames,
        schema.sessions.c.minutes,
        schema.sessions.c.seen,
        schema.sessions.c.verdict,
    )
    .where(schema.sessions.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(schema.sessions.c.id)
    .with_for_update()
)

_LICENCES = select(schema.licences.c.account_id, schema.licences.c.digest).where(
    schema.licences.c.account_id.in_(bindparam("ids", expanding=True)),
    schema.licences.c.digest.in_(bindparam("digests", expanding=True)),
)

_IS_RUNNING = and_(
    schema.sessions.c.seen > bindparam("since"), schema.sessions.c.verdict == _RUNNING_VERDICT
)
_ALL_RUNNING = select(func.count()).select_from(schema.sessions).where(_IS_RUNNING)
_RUNNING = (
    select(schema.sessions.c.account_id, func.count())
    .where(_IS_RUNNING, schema.sessions.c.account_id.in_(bindparam("ids", expanding=True)))
    .group_by(schema.sessions.c.account_id)
)

_UPDATE_SESSION = (
    update(schema.sessions)
    .where(schema.sessions.c.id == bindparam("of_session"))
    .values(
        account_id=bindparam("account_id"),
        frames=bindparam("frames"),
        minutes=bindparam("minutes"),
        seen=bindparam("seen"),
        verdict=bindparam("verdict"),
    )
)

_SPEND = (
    update(schema.accounts)
    .where(schema.accounts.c.id == bindparam("of_account"))
    .values(balance=schema.accounts.c.balance - bindparam("spent"))
)


class Ledger:
    """The books. Thread-safety: any thread."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], float] = time.time,
        session_window: int = SESSION_WINDOW,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._window = session_window

    def apply(self, beats: Sequence[Beat]) -> list[Answer]:
        """Decides about beats, in their order, and books them: all of them or, when the database
        fails (SQLAlchemyError), none."""
        now = int(self._clock())
        with self._engine.begin() as connection:
            page = _Page(connection, beats, now, now - self._window)
            answers = [page.answer(beat) for beat in beats]
            page.save()
        return answers

    def check(self, claim: Claim) -> Verdict:
        """Whether a token may be made from this secret."""
        with schema.reading(self._engine) as connection:
            secret = _load_secrets(connection, [claim.secret_id]).get(claim.secret_id)
            return _standing(claim, secret)

    def running(self) -> int:
        """How many sessions run."""
        with schema.reading(self._engine) as connection:
            since = int(self._clock()) - self._window
            count: int = connection.execute(_ALL_RUNNING, {"since": since}).scalar_one()
            return count

    def ping(self) -> None:
        """Raises SQLAlchemyError when the database does not answer."""
        with schema.reading(self._engine) as connection:
            connection.execute(select(1))


def _load_secrets(connection: Connection, ids: Iterable[str]) -> dict[str, _Secret]:
    found: dict[str, _Secret] = {}
    accounts: dict[int, _Account] = {}
    for row in connection.execute(_SECRETS, {"ids": list(ids)}):
        account = accounts.get(row.account_id)
        if account is None:
            account = _Account(row.account_id, row.balance, row.max_sessions, row.suspended)
            accounts[account.id] = account
        found[row.id] = _Secret(row.digest, row.revoked is not None, account)
    return found


def _standing(claim: Claim, secret: _Secret | None) -> Verdict:
    if secret is None or not proves(claim, secret.digest):
        return Verdict.UNKNOWN
    if secret.revoked:
        return Verdict.REVOKED
    return Verdict.SUSPENDED if secret.account.suspended else Verdict.OK


class _Page:
    """What one transaction has of the books."""

    def __init__(self, connection: Connection, beats: Sequence[Beat], now: int, since: int) -> None:
        self._connection = connection
        self._now = now
        self._since = since
        self._secrets = _load_secrets(connection, {beat.claim.secret_id for beat in beats})
        self._accounts = {s.account.id: s.account for s in self._secrets.values()}
        self._sessions: dict[str, _Session] = {}
        self._charges: list[dict[str, Any]] = []
        self._audit: list[dict[str, Any]] = []
        self._load_licences({digest for beat in beats for digest in beat.avatars})
        self._load_sessions(beats)

    def _load_licences(self, digests: set[str]) -> None:
        if not (digests and self._accounts):
            return
        which = {"ids": list(self._accounts), "digests": [schema.ANY, *digests]}
        for account_id, digest in self._connection.execute(_LICENCES, which):
            self._accounts[account_id].avatars.add(digest)

    def _load_sessions(self, beats: Sequence[Beat]) -> None:
        payers = [
            (beat.session_id, secret.account)
            for beat in beats
            if (secret := self._secrets.get(beat.claim.secret_id)) is not None
        ]
        ids = sorted({session_id for session_id, _ in payers})
        for row in self._connection.execute(_SESSIONS, {"ids": ids}):
            self._sessions[row.id] = _Session(*row)
        # Only who begins asks how many others there are.
        starting = {
            account.id: account
            for session_id, account in payers
            if not self._runs(self._sessions.get(session_id), account)
        }
        if starting:
            for account in starting.values():
                account.running = 0
            which = {"ids": sorted(starting), "since": self._since}
            for account_id, count in self._connection.execute(_RUNNING, which):
                starting[account_id].running = count

    def _runs(self, session: _Session | None, account: _Account) -> bool:
        """Whether it runs already, as one of this account's."""
        return (
            session is not None
            and session.account_id == account.id
            and session.verdict == _RUNNING_VERDICT
            and session.seen > self._since
        )

    def answer(self, beat: Beat) -> Answer:
        secret = self._secrets.get(beat.claim.secret_id)
        verdict = _standing(beat.claim, secret)
        # A revoked secret may be a thief's, who must not run up a bill.
        if secret is None or verdict in (Verdict.UNKNOWN, Verdict.REVOKED):
            return Answer(verdict)
        account = secret.account
        session = self._sessions.get(beat.session_id)
        if session is None:
            session = _Session(beat.session_id, account.id, 0, 0, self._now, "", new=beat)
            self._sessions[beat.session_id] = session
        session.frames = max(session.frames, beat.frames)
        if verdict is Verdict.OK:
            verdict = self._judge(account, session, beat)
        charged = self._charge(account, session, verdict)
        session.account_id = account.id
        self._note(session, verdict)
        return Answer(verdict, charged)

    def _judge(self, account: _Account, session: _Session, beat: Beat) -> Verdict:
        if schema.ANY not in account.avatars and not account.avatars.issuperset(beat.avatars):
            return Verdict.AVATAR
        starting = account.running >= 0 and not self._runs(session, account)
        if starting and account.running >= account.max_sessions:
            return Verdict.SESSIONS
        if minutes_granted(session.frames) - session.minutes > account.balance - account.spent:
            return Verdict.BALANCE
        if starting:
            account.running += 1
        return Verdict.OK

    def _charge(self, account: _Account, session: _Session, verdict: Verdict) -> int:
        due = minutes_granted if verdict is Verdict.OK else minutes_served
        minutes = due(session.frames) - session.minutes
        if minutes <= 0:
            return 0
        session.minutes += minutes
        account.spent += minutes
        self._charges.append(
            {
                "session_id": session.id,
                "upto": session.minutes,
                "minutes": minutes,
                "account_id": account.id,
                "at": self._now,
            }
        )
        return minutes

    def _note(self, session: _Session, verdict: Verdict) -> None:
        word = _WORDS[verdict]
        if session.verdict != word:
            self._audit.append(
                {
                    "at": self._now,
                    "actor": "issuer",
                    "account_id": session.account_id,
                    "action": f"session {word}",
                    "detail": session.id,
                }
            )
            session.verdict = word
        session.seen = self._now
        session.changed = True

    def save(self) -> None:
        """Writes what changed: a statement for each table."""
        changed = [s for s in self._sessions.values() if s.changed]
        self._write(insert(schema.sessions), [_row(s, s.new) for s in changed if s.new])
        self._write(_UPDATE_SESSION, [_changes(s) for s in changed if not s.new])
        self._write(insert(schema.charges), self._charges)
        self._write(insert(schema.audit), self._audit)
        self._write(
            _SPEND,
            [{"of_account": a.id, "spent": a.spent} for a in self._accounts.values() if a.spent],
        )

    def _write(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)


def _row(session: _Session, begun: Beat) -> dict[str, Any]:
    row = _changes(session)
    row["id"] = row.pop("of_session")
    texts = {"tags": begun.tags, "transaction_id": begun.transaction_id}
    return {**row, "opened": session.seen, **texts}


def _changes(session: _Session) -> dict[str, Any]:
    return {
        "of_session": session.id,
        "account_id": session.account_id,
        "frames": session.frames,
        "minutes": session.minutes,
        "seen": session.seen,
        "verdict": session.verdict,
    }
