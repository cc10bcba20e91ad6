"""The tables, and how a database is opened. Times are whole seconds since 1970.

Every change of an account's sessions or balance locks the account's row first (SQLite: the whole
database), so several processes may share one database.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bithuman_ctypes.errors import InvalidArgumentError, RuntimeNotReadyError

VERSION = 1
"""Of the tables. A database of another version is refused; a release that raises it brings the
command that converts."""

ANY = "any"
"""In place of an avatar's digest: the account may play every one."""

READS = "issuer_reads"
CREATE_LOCK = 0x62686973
"""Of PostgreSQL's advisory locks: two processes do not create the tables at once."""

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("balance", BigInteger, nullable=False),  # minutes; below 0: served but not paid for
    Column("max_sessions", Integer, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

licences = Table(
    "licences",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),  # of an avatar, or ANY
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # that beat last
    Column("frames", BigInteger, nullable=False),  # the highest number told
    Column("minutes", BigInteger, nullable=False),  # charged
    Column("opened", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("verdict", String(16), nullable=False),  # of the last beat
    Column("tags", String(1024)),
    Column("transaction_id", String(1024)),
    Index("sessions_by_time", "account_id", "seen"),
)

charges = Table(
    "charges",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("upto", BigInteger, primary_key=True, autoincrement=False),
    Column("minutes", BigInteger, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The session's minutes up to ``upto``. Each minute is in one row: the database itself refuses to
charge one twice."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), index=True),
    Column("action", String(32), nullable=False),
    Column("detail", String(300), nullable=False),
)


def open_database(url: str) -> Engine:
    """Connects, and creates the tables where there are none.

    Raises InvalidArgumentError for an address that cannot be, RuntimeNotReadyError when nothing
    answers there or its tables are of another version. Nobody's password is in the message.
    """
    try:
        address = _parsed(url)
        if address.drivername in ("postgresql", "postgres"):
            address = address.set(drivername="postgresql+psycopg")
        if address.drivername not in ("sqlite", "postgresql+psycopg"):
            raise InvalidArgumentError(
                f"the database is sqlite:///FILE or postgresql://..., not {address.drivername}:"
            )
        # Parameters in messages would be digests and names of sessions.
        engine = create_engine(address, hide_parameters=True, pool_pre_ping=True)
    except ArgumentError:
        raise InvalidArgumentError(
            "the database's address is not one: give sqlite:///FILE or postgresql://..."
        ) from None
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine)
    try:
        with engine.begin() as connection:
            _create(connection)
    except RuntimeNotReadyError:
        engine.dispose()
        raise
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        why = str(getattr(error, "orig", None) or error)
        raise RuntimeNotReadyError(f"the database {shown(address)} cannot be used: {why}") from None
    return engine


def shown(address: URL) -> str:
    """An address for people: its parameters, which may hold a password, are left out."""
    text: str = address.set(query={}).render_as_string()
    return text


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ValueError:  # a port that is no number
        raise ArgumentError from None


def _create(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CREATE_LOCK})
    if not inspect(connection).has_table("schema_version"):
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=VERSION))
    found = connection.execute(select(schema_version.c.version)).scalar_one()
    if found != VERSION:
        raise RuntimeNotReadyError(
            f"the database's tables are of version {found}, this issuer's of version {VERSION}"
        )


def _set_up_sqlite(engine: Engine) -> None:
    def connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # pysqlite begins no transactions: we do, below
        for setting in (
            "journal_mode = WAL",
            "synchronous = FULL",  # an answer is given when its minute is on the disk
            "busy_timeout = 10000",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {setting}")

    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)


def reading(engine: Engine) -> AbstractContextManager[Connection]:
    """A transaction that writes nothing, and that SQLite lets run beside one that does."""
    transaction: AbstractContextManager[Connection] = engine.execution_options(
        **{READS: True}
    ).begin()
    return transaction
