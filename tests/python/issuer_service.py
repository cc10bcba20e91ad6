"""The reference issuer as a process of its own, and a PostgreSQL to go with it, for tests."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support import ELSEWHERE, environment

from bithuman_ctypes.cli import issuer as command

COMMAND = [sys.executable, "-m", "bithuman_ctypes", "issuer"]
SERVING = re.compile(r"on (https?://\S+)")


def issuer(database: str, *words: object) -> str:
    """Runs a command of the issuer's in this process; returns its output."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args([*map(str, words), "--database", database])
    with contextlib.redirect_stdout(io.StringIO()) as output:
        command.run(arguments)
    return output.getvalue().strip()


class Service:
    """A service on a database, its log and its key in a folder; use it in a ``with``."""

    def __init__(self, folder: Path, database: str, *options: str, port: int = 0) -> None:
        self.database = database
        self.log = folder / "issuer.log"
        self.options = ["--key-file", str(folder / "issuer.key"), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port
        self.url = ""

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    def start(self, within: Sequence[str] = ()) -> None:
        """Starts it, on the port that it had before; ``within`` is a command that runs it."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        serve = [*within, *COMMAND, "serve", "--port", str(self.port), *self.options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                serve, stdout=log, stderr=log, cwd=ELSEWHERE,
                env=environment(BITHUMAN_ISSUER_DATABASE=self.database),
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not (found := SERVING.search(self.log.read_text()[seen:])):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the issuer does not serve: {self.log.read_text()[seen:]}")
            time.sleep(0.02)
        self.url = found[1]
        self.port = int(self.url.rpartition(":")[2])

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Ends it; returns its status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)

    def account(self, name: str, minutes: int = 1000, sessions: int = 10, *more: str) -> str:
        """Opens an account; returns its secret."""
        options = ("--minutes", minutes, "--sessions", sessions, *more)
        return self.admin("account", "add", name, *options)

    def admin(self, *words: object) -> str:
        """Runs a command on its database; returns the output."""
        return issuer(self.database, *words)

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


# ---------------------------------------------------------------- PostgreSQL


def _program(name: str) -> str | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"]]))


def postgres_missing() -> str:
    """Why there is no PostgreSQL to test with; "" when there is."""
    if not (_program("initdb") and _program("postgres")):
        return "PostgreSQL's server is not installed (Debian: postgresql)"
    return ""


@contextlib.contextmanager
def postgres(durable: bool = False) -> Iterator[str]:
    """A server in a folder of its own, reached by a socket there; gives its URL.

    PostgreSQL does not run as root: it is its own user's then.
    """
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="issuer-"))
    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        _run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--no-locale", "--no-sync", **user)  # fmt: skip
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [str(_program("postgres")), "-D", f"{folder}/data", "-k", str(folder),
                 "-c", "listen_addresses=", "-c", f"fsync={'on' if durable else 'off'}"],
                cwd=folder, stdout=log, stderr=log, **user,
            )  # fmt: skip
        try:
            _wait_ready(folder)
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": clients are sent away
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, *arguments: str, **user: Any) -> None:
    done = subprocess.run(
        [str(_program(name)), *arguments], cwd="/", capture_output=True, text=True, **user
    )
    if done.returncode != 0:
        raise AssertionError(f"{name}: {done.stderr}")


def _wait_ready(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while "ready to accept connections" not in (folder / "log").read_text():
        if time.monotonic() > deadline:
            raise AssertionError((folder / "log").read_text())
        time.sleep(0.02)


def beat(session: str, frames: int, number: int = 0, **more: object) -> bytes:
    """The body of a heartbeat."""
    body = {"version": 1, "session_id": session, "beat": number, "frames_served": frames, **more}
    return json.dumps(body).encode()
