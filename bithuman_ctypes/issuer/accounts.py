"""What an administrator does to the books; each thing leaves a line in the audit log."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bithuman_ctypes.errors import InvalidArgumentError
from bithuman_ctypes.issuer import schema
from bithuman_ctypes.issuer.credentials import new_secret
from bithuman_ctypes.issuer.ledger import SESSION_WINDOW, Verdict

DAY = 86400
DIGEST = re.compile("[0-9a-f]{64}")


class Account(NamedTuple):
    """A line of the list. ``running``: sessions now; ``minutes``: charged in the sessions kept."""

    name: str
    balance: int
    running: int
    max_sessions: int
    minutes: int
    suspended: bool


class Secret(NamedTuple):
    """A line of the list of secrets."""

    id: str
    created: int
    revoked: int | None


class Entry(NamedTuple):
    """A line of the audit log."""

    at: int
    actor: str
    account: str | None
    action: str
    detail: str


class Accounts:
    """The administrator's side of a database. Thread-safety: any thread."""

    def __init__(self, engine: Engine, actor: str | None = None) -> None:
        self._engine = engine
        self._actor = actor or _user()

    def add(
        self, name: str, minutes: int, sessions: int, avatars: Sequence[str] = (schema.ANY,)
    ) -> str:
        """A new account; returns its first secret, which is not kept and cannot be shown again."""
        if not name.isprintable() or not 1 <= len(name) <= 100:
            raise InvalidArgumentError(f"a name has 1 to 100 printable characters, unlike {name!r}")
        row = {"name": name, "balance": minutes, "max_sessions": sessions}
        try:
            with self._engine.begin() as connection:
                account_id = connection.execute(
                    insert(schema.accounts)
                    .values(**row, suspended=False, created=_now())
                    .returning(schema.accounts.c.id)
                ).scalar_one()
                self._note(connection, account_id, "add", f"{minutes} minutes, {sessions} sessions")
                for digest in avatars:
                    self._allow(connection, account_id, digest)
                return self._new_secret(connection, account_id)
        except IntegrityError:
            raise InvalidArgumentError(f"there is an account {name!r} already") from None

    def credit(self, name: str, minutes: int) -> int:
        """Adds minutes, or takes them when negative; returns the balance."""
        table = schema.accounts
        with self._engine.begin() as connection:
            account_id = _account(connection, name)
            balance: int = connection.execute(
                update(table)
                .where(table.c.id == account_id)
                .values(balance=table.c.balance + minutes)
                .returning(table.c.balance)
            ).scalar_one()
            self._note(connection, account_id, "credit", f"{minutes:+d} minutes: {balance}")
        return balance

    def suspend(self, name: str, suspended: bool = True) -> None:
        """Refuses everything from the next beat on; or no longer."""
        self._set(name, "suspend" if suspended else "resume", suspended=suspended)

    def limit(self, name: str, sessions: int) -> None:
        """How many sessions may run; those that run go on."""
        self._set(name, "limit", max_sessions=sessions)

    def add_secret(self, name: str) -> str:
        """One more secret; the others stay good."""
        with self._engine.begin() as connection:
            return self._new_secret(connection, _account(connection, name))

    def revoke(self, secret_id: str) -> None:
        """Ends a secret, and the tokens made from it, with the next beat."""
        table = schema.secrets
        with self._engine.begin() as connection:
            account_id = connection.execute(
                update(table)
                .where(and_(table.c.id == secret_id, table.c.revoked.is_(None)))
                .values(revoked=_now())
                .returning(table.c.account_id)
            ).scalar_one_or_none()
            if account_id is None:
                raise InvalidArgumentError(f"no secret {secret_id!r} is good")
            self._note(connection, account_id, "revoke", secret_id)

    def allow(self, name: str, avatar: str) -> None:
        """Lets an account play an avatar, given by its digest, or "any"."""
        with self._engine.begin() as connection:
            self._allow(connection, _account(connection, name), avatar)

    def forbid(self, name: str, avatar: str) -> None:
        """No longer, from the next beat on."""
        table = schema.licences
        with self._engine.begin() as connection:
            account_id = _account(connection, name)
            gone = connection.execute(
                delete(table).where(
                    and_(table.c.account_id == account_id, table.c.digest == avatar)
                )
            )
            if gone.rowcount == 0:
                raise InvalidArgumentError(f"{name!r} was not allowed {avatar!r}")
            self._note(connection, account_id, "forbid", avatar)

    def avatars(self, name: str) -> list[str]:
        """What an account may play: digests, or "any"."""
        table = schema.licences
        with schema.reading(self._engine) as connection:
            query = select(table.c.digest).where(table.c.account_id == _account(connection, name))
            return list(connection.execute(query.order_by(table.c.digest)).scalars())

    def accounts(self) -> list[Account]:
        """All accounts, by name."""
        a, s = schema.accounts, schema.sessions
        running = and_(s.c.verdict == Verdict.OK.value, s.c.seen > _now() - SESSION_WINDOW)
        query = (
            select(
                a.c.name,
                a.c.balance,
                func.count(s.c.id).filter(running),
                a.c.max_sessions,
                func.coalesce(func.sum(s.c.minutes), 0),
                a.c.suspended,
            )
            .outerjoin(s, s.c.account_id == a.c.id)
            .group_by(a.c.id)
            .order_by(a.c.name)
        )
        with schema.reading(self._engine) as connection:
            return [Account(*row) for row in connection.execute(query)]

    def secrets(self, name: str) -> list[Secret]:
        """An account's secrets, by their ids; the secrets themselves are nowhere."""
        table = schema.secrets
        with schema.reading(self._engine) as connection:
            query = select(table.c.id, table.c.created, table.c.revoked).where(
                table.c.account_id == _account(connection, name)
            )
            return [Secret(*row) for row in connection.execute(query.order_by(table.c.created))]

    def audit(self, name: str | None, lines: int) -> list[Entry]:
        """The newest lines, the oldest of them first."""
        log, a = schema.audit, schema.accounts
        query = select(log.c.at, log.c.actor, a.c.name, log.c.action, log.c.detail).outerjoin(
            a, a.c.id == log.c.account_id
        )
        with schema.reading(self._engine) as connection:
            if name is not None:
                query = query.where(log.c.account_id == _account(connection, name))
            rows = connection.execute(query.order_by(log.c.id.desc()).limit(lines))
            return [Entry(*row) for row in rows][::-1]

    def prune(self, days: int) -> int:
        """Forgets sessions, with their charges, that ended so long ago; returns how many. Balances
        stay, and so does the audit log."""
        with self._engine.begin() as connection:
            gone: int = connection.execute(
                delete(schema.sessions).where(schema.sessions.c.seen < _now() - days * DAY)
            ).rowcount
            self._note(connection, None, "prune", f"{gone} sessions older than {days} days")
        return gone

    def _set(self, name: str, action: str, **values: object) -> None:
        with self._engine.begin() as connection:
            account_id = _account(connection, name)
            connection.execute(
                update(schema.accounts).where(schema.accounts.c.id == account_id).values(**values)
            )
            self._note(connection, account_id, action, ", ".join(map(str, values.values())))

    def _allow(self, connection: Connection, account_id: int, avatar: str) -> None:
        if avatar != schema.ANY and not DIGEST.fullmatch(avatar):
            raise InvalidArgumentError(
                f"an avatar is the 64 hexadecimal digits that 'bithuman-ctypes seal' prints, or "
                f"{schema.ANY!r}, not {avatar!r}"
            )
        table, row = schema.licences, {"account_id": account_id, "digest": avatar}
        found = select(table).filter_by(**row)
        if connection.execute(found).first() is None:
            connection.execute(insert(table).values(**row))
            self._note(connection, account_id, "allow", avatar)

    def _new_secret(self, connection: Connection, account_id: int) -> str:
        secret_id, secret, digest = new_secret()
        row = {"id": secret_id, "account_id": account_id, "digest": digest, "created": _now()}
        connection.execute(insert(schema.secrets).values(**row))
        self._note(connection, account_id, "secret", secret_id)
        return secret

    def _note(
        self, connection: Connection, account_id: int | None, action: str, detail: str
    ) -> None:
        row = {"at": _now(), "actor": self._actor, "account_id": account_id}
        connection.execute(insert(schema.audit).values(**row, action=action, detail=detail))


def _account(connection: Connection, name: str) -> int:
    table = schema.accounts
    found: int | None = connection.execute(
        select(table.c.id).where(table.c.name == name)
    ).scalar_one_or_none()
    if found is None:
        raise InvalidArgumentError(f"there is no account {name!r}")
    return found


def _now() -> int:
    return int(time.time())


def _user() -> str:
    try:
        return getpass.getuser()[:100]
    except (KeyError, OSError):  # a user without a name
        return "unknown"
