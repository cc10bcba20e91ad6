"""How many heartbeats a second one core carries, and that none is lost or counted twice.

usage: issuer_load.py [--seconds N] [--kills N]

Three services of the same kind, one after another, each held to one core while the clients have the
others: one that answers every request with an empty 200, which is the yardstick, the issuer on
SQLite, and the issuer on a PostgreSQL made for this. Clients keep connections open and send each
beat when the one before was answered; every beat charges a minute. "per core" is answers per second
of the service's own processor time, which what else runs on the machine hardly moves; PostgreSQL's
time is told beside it.

Then the same beats while the service is killed (SIGKILL) and started again: what got no answer is
sent again, one in ten again though it did. At the end the books are compared with what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
from issuer_service import Service, postgres, postgres_missing

ACCOUNTS = 20
SESSIONS = 100  # of each account
CONNECTIONS = 100
BODY = (
    b'{"version":1,"session_id":"%s","beat":%d,"frames_served":%d,"avatars":[{"identity":"ada",'
    b'"issuer":"studio.example","digest":"' + b"1" * 64 + b'","frames_served":%d}]}'
)
CORE = 0
ON_ONE_CORE = ("taskset", "-c", str(CORE))
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Session:
    """A host's side: what it sent, and the beats that were answered."""

    token: str
    id: str
    frames: int = 0
    answered: int = 0

    def request(self, frames: int) -> bytes:
        """The bytes of a beat."""
        body = BODY % (self.id.encode(), self.answered, frames, frames)
        return (
            b"POST /v1/heartbeat HTTP/1.1\r\nhost: localhost\r\nuser-agent: essence/0.1.0\r\n"
            b"content-type: application/json\r\nauthorization: Bearer %s\r\n"
            b"content-length: %d\r\n\r\n%s" % (self.token.encode(), len(body), body)
        )


@dataclass
class Load:
    """All clients."""

    port: int
    sessions: list[Session]
    again: float = 0.0  # of the answered beats, that are sent again
    stopping: bool = False
    answers: int = 0
    waits: list[float] = field(default_factory=list)

    async def run_while(self, something: Awaitable[None]) -> None:
        """Beats meanwhile; every beat that was begun is answered in the end."""
        parts = [self.sessions[i::CONNECTIONS] for i in range(CONNECTIONS)]
        clients = [asyncio.create_task(self._client(part)) for part in parts]
        await something
        self.stopping = True
        await asyncio.gather(*clients)

    async def _client(self, sessions: list[Session]) -> None:
        connection = _Connection(self.port)
        draw = random.Random(sessions[0].id)
        while True:
            for session in sessions:
                if self.stopping:
                    connection.close()
                    return
                session.frames += 1500
                await self._beat(connection, session, session.frames)
                session.answered += 1
                if draw.random() < self.again:  # late: an old one
                    await self._beat(connection, session, draw.randint(0, session.frames))

    async def _beat(self, connection: _Connection, session: Session, frames: int) -> None:
        while True:
            start = time.perf_counter()
            try:
                code = await connection.ask(session.request(frames))
            except OSError:
                await asyncio.sleep(0.05)  # it was killed
                continue
            if code == 200:
                self.answers += 1
                self.waits.append(time.perf_counter() - start)
                return
            if code != 503:
                raise AssertionError(f"a beat was answered {code}")


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._data = b""

    async def ask(self, request: bytes) -> int:
        """The status of the answer. Raises OSError when the other side leaves."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        self._data, self._answer = b"", loop.create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if end and len(body) == length and self._answer is not None:
            self._answer.set_result(int(head[9:12]))
            self._answer = None

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._answer is not None:
            self._answer.set_exception(ConnectionResetError("it left"))
            self._answer = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


# ---------------------------------------------------------------- services


def yardstick() -> None:
    """What the issuer stands on, with nothing in it."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def empty(request: Request) -> Response:
        await request.body()
        return Response()

    app = Starlette(routes=[Route("/v1/heartbeat", empty, methods=["POST"])])
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, ws="none")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def open_sessions(service: Service) -> list[Session]:
    """Opens accounts, and sessions of theirs with tokens."""
    made = []
    for number in range(ACCOUNTS):
        secret = service.account(f"host-{number}", 10**9, 10**6)
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request("POST", "/v1/token", headers={"api-secret": secret})
        token = json.load(connection.getresponse())["token"]
        connection.close()
        made += [Session(token, f"session-{number}-{i}") for i in range(SESSIONS)]
    return made


def seconds_of(pids: list[int]) -> float:
    """Processor time of processes, in user and system mode."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def with_children(pid: int) -> list[int]:
    """A process, and those that it began."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def database_processes(url: str) -> list[int]:
    """Those of the PostgreSQL at this address."""
    _, found, folder = url.partition("host=")
    if not found:
        return []
    return with_children(int((Path(folder) / "data/postmaster.pid").read_text().split()[0]))


@contextmanager
def empty_service() -> Iterator[tuple[int, int]]:
    """The yardstick's process and port."""
    command = [*ON_ONE_CORE, sys.executable, __file__, "--yardstick"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


# ---------------------------------------------------------------- what is measured


def measure(name: str, pid: int, load: Load, seconds: float, database: str = "") -> float:
    """Prints a row; returns answers per second of the service's processor time."""
    asyncio.run(load.run_while(asyncio.sleep(1)))  # warm
    others = database_processes(database)
    load.answers, load.waits, load.stopping = 0, [], False
    spent, beside, start = seconds_of([pid]), seconds_of(others), time.perf_counter()
    asyncio.run(load.run_while(asyncio.sleep(seconds)))
    wall = time.perf_counter() - start
    spent, beside = seconds_of([pid]) - spent, seconds_of(others) - beside
    waits = sorted(load.waits)
    print(
        f"{name:12} {load.answers / wall:8.0f} /s  {load.answers / spent:8.0f} per core  "
        f"median {1e3 * waits[len(waits) // 2]:6.1f} ms  p99 {1e3 * waits[-len(waits) // 100]:6.1f}"
        f" ms  {1e6 * beside / load.answers:5.0f} us of the database's"
    )
    return load.answers / spent


async def restart_again_and_again(service: Service, kills: int) -> None:
    """Kills the service, and starts it anew, in the middle of what it does."""
    draw = random.Random(1)
    for _ in range(kills):
        await asyncio.sleep(draw.uniform(0.3, 1.0))
        await asyncio.to_thread(service.kill)
        await asyncio.to_thread(service.start, ON_ONE_CORE)


def compare(database: str, sessions: list[Session]) -> tuple[int, int, int]:
    """Minutes that were owed, and how many of them the books lack and have too often."""
    from sqlalchemy import func, select

    from bithuman_ctypes.issuer import schema

    engine = schema.open_database(database)
    with schema.reading(engine) as connection:
        query = select(schema.sessions.c.id, schema.sessions.c.minutes)
        booked = {row.id: row.minutes for row in connection.execute(query)}
        charged = connection.execute(select(func.sum(schema.charges.c.minutes))).scalar_one()
        balances = connection.execute(select(func.sum(schema.accounts.c.balance))).scalar_one()
    engine.dispose()
    owed = {s.id: s.frames // 1500 + 1 for s in sessions if s.frames}
    lost = sum(max(0, minutes - booked.get(name, 0)) for name, minutes in owed.items())
    twice = sum(max(0, booked[name] - owed.get(name, 0)) for name in booked)
    total = sum(booked.values())
    if not charged == ACCOUNTS * 10**9 - balances == total:
        raise AssertionError(f"{total} minutes, {charged} charged, {balances} left")
    return total, lost, twice


def on(name: str, database: str, arguments: argparse.Namespace, empty: float) -> None:
    """The issuer on one database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not database:
            database = f"sqlite:///{folder}/issuer.db"
        service = Service(folder, database, "--rate", "1000000")
        service.start(ON_ONE_CORE)
        stack.callback(service.kill)
        load = Load(service.port, open_sessions(service))
        per_core = measure(name, service.pid, load, arguments.seconds, database)
        print(f"{'':12} {per_core / empty:.2f} of the yardstick")
        load = Load(service.port, load.sessions, again=0.1)
        asyncio.run(load.run_while(restart_again_and_again(service, arguments.kills)))
        total, lost, twice = compare(database, load.sessions)
        print(
            f"{'':12} killed {arguments.kills} times: {total} minutes, {lost} lost, {twice} "
            "counted twice"
        )
        if lost or twice:
            raise SystemExit("the books are wrong")


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each row (default: 10)")
    parser.add_argument("--kills", type=int, default=5, help="(default: 5)")
    parser.add_argument("--yardstick", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.yardstick:
        return yardstick()
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {CORE} or {CORE})
    sessions = [Session("token", f"session-{i}") for i in range(ACCOUNTS * SESSIONS)]
    with empty_service() as (pid, port):
        empty = measure("yardstick", pid, Load(port, sessions), arguments.seconds)
    on("sqlite", "", arguments, empty)
    if postgres_missing():
        print(f"postgresql   {postgres_missing()}")
        return None
    with postgres(durable=True) as database:
        on("postgresql", database, arguments, empty)
    return None


if __name__ == "__main__":
    main()
