"""The issuer's books on both databases: what a beat does, in whatever order and however often."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from issuer_databases import database, postgres_server
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from bithuman_ctypes import errors
from bithuman_ctypes.issuer import ledger as ledger_module
from bithuman_ctypes.issuer import schema
from bithuman_ctypes.issuer.accounts import Accounts
from bithuman_ctypes.issuer.credentials import Claim, claim_of_secret
from bithuman_ctypes.issuer.ledger import Answer, Beat, Ledger, Verdict

__all__ = ["database", "postgres_server"]

MINUTE = 1500


class Books:
    """A ledger with a clock to set, and the administrator's side."""

    def __init__(self, database: str) -> None:
        self.engine: Engine = schema.open_database(database)
        self.now = 1_000_000.0
        self.ledger = Ledger(self.engine, lambda: self.now)
        self.accounts = Accounts(self.engine, "tester")

    def host(self, minutes: int = 1000, sessions: int = 10) -> Host:
        """One with an account of its own."""
        name = f"host-{uuid.uuid4()}"
        secret = self.accounts.add(name, minutes, sessions)
        claim = claim_of_secret(secret)
        assert claim is not None
        return Host(self, name, claim)


class Host(NamedTuple):
    """Who beats."""

    books: Books
    name: str
    claim: Claim

    def beat(self, session: str, frames: int = 0) -> Verdict:
        """One beat."""
        return self.answer(session, frames).verdict

    def answer(self, session: str, frames: int) -> Answer:
        """One beat, and what it cost."""
        (answer,) = self.books.ledger.apply([Beat(self.claim, session, frames)])
        return answer

    @property
    def balance(self) -> int:
        """The minutes that are left."""
        found = [a.balance for a in self.books.accounts.accounts() if a.name == self.name]
        return found[0]

    def new(self) -> str:
        """A session's name."""
        return str(uuid.uuid4())


@pytest.fixture(scope="module")
def books(database: str) -> Iterator[Books]:
    opened = Books(database)
    yield opened
    opened.engine.dispose()


def minutes_of(books: Books, session: str) -> int:
    """What a session was charged; its charges are every minute once."""
    table = schema.charges
    with schema.reading(books.engine) as connection:
        query = select(table.c.upto, table.c.minutes).where(table.c.session_id == session)
        rows = connection.execute(query.order_by(table.c.upto)).all()
        found = select(schema.sessions.c.minutes).where(schema.sessions.c.id == session)
        total = connection.execute(found).scalar_one()
    begin = 0
    for upto, minutes in rows:
        assert upto - minutes == begin
        begin = upto
    assert begin == total
    return int(total)


# ---------------------------------------------------------------- one beat after another


def test_a_minute_is_paid_for_when_it_begins(books: Books) -> None:
    host = books.host()
    session = host.new()
    charges = [host.answer(session, frames).charged for frames in (0, 1, 1499, 1500, 1501, 9000)]
    assert charges == [1, 0, 0, 1, 0, 5]
    assert minutes_of(books, session) == 7
    assert host.balance == 1000 - 7


def test_an_account_plays_what_it_has_and_no_more(books: Books) -> None:
    host = books.host(minutes=2)
    session = host.new()
    assert [host.beat(session, frames) for frames in (0, 1500)] == [Verdict.OK, Verdict.OK]
    assert host.balance == 0
    assert host.beat(session, 3000) is Verdict.BALANCE
    assert host.balance == 0
    assert host.beat(host.new()) is Verdict.BALANCE
    books.accounts.credit(host.name, 1)
    assert host.beat(session, 3000) is Verdict.OK
    assert host.balance == 0


def test_what_was_played_is_owed(books: Books) -> None:
    """Faster than real time, or through an outage, more is given than was paid for."""
    host = books.host(minutes=2)
    session = host.new()
    host.beat(session)
    assert host.beat(session, 10 * MINUTE) is Verdict.BALANCE
    assert host.balance == 2 - 10
    books.accounts.suspend(host.name)
    assert host.beat(session, 10 * MINUTE + 1) is Verdict.SUSPENDED
    assert host.balance == 2 - 11


def test_suspended_and_resumed(books: Books) -> None:
    host = books.host()
    session = host.new()
    assert host.beat(session) is Verdict.OK
    books.accounts.suspend(host.name)
    assert host.beat(session) is Verdict.SUSPENDED
    assert books.ledger.check(host.claim) is Verdict.SUSPENDED
    books.accounts.suspend(host.name, False)
    assert host.beat(session) is Verdict.OK


def test_a_revoked_secret_has_no_right_and_runs_up_no_bill(books: Books) -> None:
    host = books.host()
    session = host.new()
    host.beat(session)
    second = claim_of_secret(books.accounts.add_secret(host.name))
    assert second is not None
    books.accounts.revoke(host.claim.secret_id)
    before = host.balance
    assert host.beat(session, 90 * MINUTE) is Verdict.REVOKED
    token = Claim(host.claim.secret_id, None)
    assert host._replace(claim=token).beat(session, 90 * MINUTE) is Verdict.REVOKED
    assert host.balance == before
    assert host._replace(claim=second).beat(session) is Verdict.OK
    with pytest.raises(errors.InvalidArgumentError, match=host.claim.secret_id):
        books.accounts.revoke(host.claim.secret_id)


def test_a_wrong_secret_is_unknown(books: Books) -> None:
    host = books.host()
    wrong = Claim(host.claim.secret_id, b"\0" * 32)
    assert host._replace(claim=wrong).beat(host.new()) is Verdict.UNKNOWN
    nobody = Claim("a" * 12, host.claim.proof)
    assert host._replace(claim=nobody).beat(host.new()) is Verdict.UNKNOWN


def test_so_many_sessions_at_a_time(books: Books) -> None:
    host = books.host(sessions=2)
    first, second, third = host.new(), host.new(), host.new()
    assert host.beat(first) is Verdict.OK
    assert host.beat(second) is Verdict.OK
    assert host.beat(third) is Verdict.SESSIONS
    assert host.beat(first) is Verdict.OK
    books.now += 60
    assert host.beat(second) is Verdict.OK
    assert host.beat(third) is Verdict.SESSIONS
    books.now += 31  # the first has not beaten for 91 s
    assert host.beat(third) is Verdict.OK
    assert host.beat(first) is Verdict.SESSIONS
    books.accounts.limit(host.name, 3)
    assert host.beat(first) is Verdict.OK


def test_anothers_session_is_no_way_around_the_limit(books: Books) -> None:
    ada, bob = books.host(sessions=1), books.host(sessions=10)
    assert ada.beat(f"{ada.name}-first") is Verdict.OK
    taken = f"{bob.name}-taken"
    assert bob.beat(taken) is Verdict.OK
    assert ada.beat(taken) is Verdict.SESSIONS
    both = [Beat(host.claim, f"{bob.name}-both", 0) for host in (ada, bob)]
    verdicts = [answer.verdict for answer in books.ledger.apply(both)]
    assert verdicts == [Verdict.SESSIONS, Verdict.OK]


def test_sessions_that_begin_together_share_the_limit(books: Books) -> None:
    host = books.host(sessions=3)
    beats = [Beat(host.claim, host.new(), 0) for _ in range(10)]
    verdicts = [answer.verdict for answer in books.ledger.apply(beats)]
    assert verdicts == [Verdict.OK] * 3 + [Verdict.SESSIONS] * 7


def test_an_account_plays_the_avatars_that_it_may(books: Books) -> None:
    one, other = "1" * 64, "2" * 64
    host = books.host()
    session = host.new()

    def beat(*avatars: str) -> Verdict:
        (answer,) = books.ledger.apply([Beat(host.claim, session, 0, avatars)])
        return answer.verdict

    assert beat(one) is beat() is Verdict.OK
    books.accounts.forbid(host.name, "any")
    assert beat(one) is Verdict.AVATAR
    assert beat() is Verdict.OK, "it plays none yet"
    books.accounts.allow(host.name, one)
    books.accounts.allow(host.name, one)
    assert books.accounts.avatars(host.name) == [one]
    assert beat(one) is Verdict.OK
    assert beat(one, other) is Verdict.AVATAR
    stranger = books.host()
    books.accounts.forbid(stranger.name, "any")
    beats = [Beat(h.claim, h.new(), 0, (one,)) for h in (host, stranger)]
    verdicts = [answer.verdict for answer in books.ledger.apply(beats)]
    assert verdicts == [Verdict.OK, Verdict.AVATAR], "each has its own"
    with pytest.raises(errors.InvalidArgumentError, match="was not allowed"):
        books.accounts.forbid(host.name, other)
    with pytest.raises(errors.InvalidArgumentError, match="64 hexadecimal digits"):
        books.accounts.allow(host.name, "ada")


def test_beats_of_one_transaction_share_the_balance(books: Books) -> None:
    host = books.host(minutes=3)
    beats = [Beat(host.claim, host.new(), 0) for _ in range(5)]
    verdicts = [answer.verdict for answer in books.ledger.apply(beats)]
    assert verdicts == [Verdict.OK] * 3 + [Verdict.BALANCE] * 2
    assert host.balance == 0


def test_an_old_beat_is_no_way_around_the_balance(books: Books) -> None:
    host = books.host(minutes=2)
    session = host.new()
    assert host.beat(session, 1500) is Verdict.OK
    assert host.beat(session, 3000) is Verdict.BALANCE
    assert host.beat(session, 1500) is Verdict.BALANCE


def test_a_session_that_changes_its_account_is_charged_once(books: Books) -> None:
    one, other = books.host(), books.host()
    session = one.new()
    one.beat(session, 3 * MINUTE)
    other.beat(session, 5 * MINUTE)
    one.beat(session, 4 * MINUTE)
    assert (one.balance, other.balance) == (1000 - 4, 1000 - 2)
    assert minutes_of(books, session) == 6


def test_everything_is_in_the_audit_log(books: Books) -> None:
    host = books.host(minutes=1)
    session = host.new()
    host.beat(session)
    host.beat(session, 1)
    host.beat(session, 1500)
    books.accounts.credit(host.name, 5)
    books.accounts.limit(host.name, 3)
    books.accounts.suspend(host.name)
    host.beat(session, 1500)
    books.accounts.suspend(host.name, False)
    books.accounts.revoke(host.claim.secret_id)
    entries = [(e.actor, e.action, e.detail) for e in books.accounts.audit(host.name, 100)]
    assert entries == [
        ("tester", "add", "1 minutes, 10 sessions"),
        ("tester", "allow", "any"),
        ("tester", "secret", host.claim.secret_id),
        ("issuer", "session ok", session),
        ("issuer", "session balance", session),
        ("tester", "credit", "+5 minutes: 5"),
        ("tester", "limit", "3"),
        ("tester", "suspend", "True"),
        ("issuer", "session suspended", session),
        ("tester", "resume", "False"),
        ("tester", "revoke", host.claim.secret_id),
    ]


def test_old_sessions_are_forgotten(books: Books) -> None:
    host = books.host()
    old = host.new()
    host.beat(old, 5 * MINUTE)  # 1970, by the clock of these tests
    assert books.accounts.prune(1) >= 1
    with schema.reading(books.engine) as connection:
        for table, column in ((schema.sessions, "id"), (schema.charges, "session_id")):
            query = select(table).where(table.c[column] == old)
            assert connection.execute(query).all() == []
    assert host.balance == 1000 - 6


# ---------------------------------------------------------------- any order, any number of times


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """Beats of three sessions as (session, frames): some come twice, late, or out of order, in
    transactions of any size."""
    sent = []
    for session in range(3):
        frames = 0
        for growth in draw(st.lists(st.integers(0, 4 * MINUTE), max_size=8)):
            frames += growth
            sent += [(session, frames)] * draw(st.integers(1, 3))
    order = draw(st.permutations(sent))
    batches: list[list[tuple[int, int]]] = [[]]
    for beat in order:
        batches[-1].append(beat)
        if draw(st.booleans()):
            batches.append([])
    return batches


PROPERTY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(batches=deliveries())
def test_minutes_do_not_depend_on_order_or_repetition(
    books: Books, batches: list[list[tuple[int, int]]]
) -> None:
    host = books.host()
    names = [host.new() for _ in range(3)]
    most: dict[int, int] = {}
    for batch in batches:
        answers = books.ledger.apply([Beat(host.claim, names[s], f) for s, f in batch])
        assert [answer.verdict for answer in answers] == [Verdict.OK] * len(batch)
        for session, frames in batch:
            most[session] = max(most.get(session, 0), frames)
    for session, frames in most.items():
        assert minutes_of(books, names[session]) == frames // MINUTE + 1
    assert host.balance == 1000 - sum(frames // MINUTE + 1 for frames in most.values())


@PROPERTY
@given(batches=deliveries(), minutes=st.integers(0, 40), failing=st.sets(st.integers(0, 20)))
def test_the_books_balance_whatever_happens(
    books: Books, batches: list[list[tuple[int, int]]], minutes: int, failing: set[int]
) -> None:
    """With little balance, few sessions, and transactions that fail at the last moment."""
    host = books.host(minutes=minutes, sessions=2)
    names = [host.new() for _ in range(3)]
    begun: set[int] = set()
    most = [0, 0, 0]
    granted = [0, 0, 0]
    for number, batch in enumerate(batches):
        beats = [Beat(host.claim, names[s], f) for s, f in batch]
        if number in failing:
            _fail(books, beats)
        for (session, frames), answer in zip(batch, books.ledger.apply(beats)):
            begun.add(session)
            most[session] = max(most[session], frames)
            if answer.verdict is Verdict.OK:
                granted[session] = max(granted[session], most[session] // MINUTE + 1)
    spent = 0
    for session in begun:
        charged = minutes_of(books, names[session])
        assert charged == max(-(-most[session] // MINUTE), granted[session])
        spent += charged
    assert host.balance == minutes - spent


def _fail(books: Books, beats: list[Beat]) -> None:
    """The same transaction, which breaks off when everything is written."""
    save = ledger_module._Page.save

    def fail(page: ledger_module._Page) -> None:
        save(page)
        raise SQLAlchemyError("the disk is gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module._Page, "save", fail)
        with pytest.raises(SQLAlchemyError):
            books.ledger.apply(beats)


def test_two_issuers_share_a_database(database: str, books: Books) -> None:
    host = books.host(minutes=10_000)
    names = [host.new() for _ in range(5)]
    granted: list[Verdict] = []

    def work(turn: int) -> None:
        other = Books(database)
        for frames in range(0, 20 * MINUTE, 500):
            beats = [Beat(host.claim, name, frames) for name in names[turn:] + names[:turn]]
            granted.extend(answer.verdict for answer in other.ledger.apply(beats))
        other.engine.dispose()

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted == [Verdict.OK] * (3 * 60 * 5)
    assert [minutes_of(books, name) for name in names] == [20] * 5
    assert host.balance == 10_000 - 100


def test_the_database_itself_refuses_a_minute_twice(books: Books) -> None:
    host = books.host()
    session = host.new()
    host.beat(session, MINUTE)
    with books.engine.begin() as connection:
        rewound = update(schema.sessions).where(schema.sessions.c.id == session)
        connection.execute(rewound.values(minutes=0, frames=0))
    with pytest.raises(SQLAlchemyError):
        host.beat(session, MINUTE)


# ---------------------------------------------------------------- tables


def test_tables_of_another_version_are_refused(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('other')}/issuer.db"
    engine = schema.open_database(url)
    with engine.begin() as connection:
        connection.execute(update(schema.schema_version).values(version=schema.VERSION + 1))
    engine.dispose()
    with pytest.raises(errors.RuntimeNotReadyError, match=f"version {schema.VERSION + 1}"):
        schema.open_database(url)


def test_two_processes_create_the_tables_at_once(database: str) -> None:
    admin = schema.open_database(database)
    with admin.begin() as connection:
        schema.metadata.drop_all(connection)
    admin.dispose()
    failed: list[BaseException] = []

    def start() -> None:
        try:
            schema.open_database(database).dispose()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    engine = schema.open_database(database)
    with schema.reading(engine) as connection:
        assert connection.execute(select(schema.schema_version.c.version)).all() == [(1,)]
    engine.dispose()
