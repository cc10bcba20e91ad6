"""The engine's heartbeat against the reference issuer: the C library, TLS, and both databases."""

from __future__ import annotations

import json
import shutil
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from issuer import Authority
from issuer_databases import database, postgres_server
from issuer_service import Service
from metered import Studio, authority, metered, studio, trusted
from support import TINY

import bithuman_ctypes as bh
from bithuman_ctypes.auth import Authorisation, Credentials
from bithuman_ctypes.authoring.seal import seal
from bithuman_ctypes.issuer.accounts import Account, Accounts
from bithuman_ctypes.issuer.schema import open_database

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes certificates by it")

__all__ = ["authority", "database", "metered", "postgres_server", "studio", "trusted"]

SECOND = np.zeros(16000, np.float32)
"""25 frames."""


@pytest.fixture(scope="module")
def service(
    authority: Authority, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    certificate = authority.bundle.parent / "good"
    options = ("--certfile", f"{certificate}.pem", "--keyfile", f"{certificate}.key")
    folder = tmp_path_factory.mktemp("service")
    with Service(folder, database, *options) as running:
        yield running


def right(service: Service, secret: str, interval: int = 1) -> Authorisation:
    """A host's, that beats."""
    made = Authorisation(Credentials(secret, api_url=f"{service.url}/v1/"), interval)
    made.authenticate()
    made.start()
    return made


@pytest.fixture
def speaker(metered: Path) -> Iterator[Callable[[Authorisation], bh.Runtime]]:
    """Streams on the metered avatar, with a right."""
    opened: list[bh.Fixture | bh.Runtime] = []

    def speak(given: Authorisation) -> bh.Runtime:
        fixture = bh.Fixture(metered)
        fixture.auth = given
        runtime = bh.Runtime(fixture)
        opened.extend([fixture, runtime])
        return runtime

    yield speak
    for handle in reversed(opened):
        handle.close()


def give(runtime: bh.Runtime, seconds: int) -> None:
    """So many seconds of frames."""
    for _ in range(seconds):
        runtime.push_audio(SECOND)
        while runtime.ticks_available():
            runtime.pull_frame()


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for it."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def account(service: Service, name: str) -> Account:
    """How an account stands."""
    engine = open_database(service.database)
    (found,) = [a for a in Accounts(engine).accounts() if a.name == name]
    engine.dispose()
    return found


def test_frames_flow_and_are_counted(service: Service, metered: Path) -> None:
    secret = service.account("flow", 100)
    with bh.Avatar.load(metered, secret, api_url=f"{service.url}/v1/") as avatar:
        given = sum(1 for _ in avatar.compose(np.zeros(16000 * 61, np.float32)))
        assert given == 61 * 25
        held = avatar.fixture.auth
        assert isinstance(held, Authorisation)
        assert abs(held.info.token_expires - time.time() - 3600) < 60
        held.authenticate()
        assert held.info.frames == given
        assert account(service, "flow")[1:5] == (98, 1, 10, 2)


def test_suspension_stops_frames_within_one_beat(
    service: Service, speaker: Callable[[Authorisation], bh.Runtime]
) -> None:
    with right(service, service.account("suspended")) as held:
        runtime = speaker(held)
        give(runtime, 1)
        service.admin("account", "suspend", "suspended")
        beats = held.info.beats
        until(lambda: held.info.allowed_us == 0, "it is suspended")
        assert held.info.beats <= beats + 1  # one may have been on its way
        with pytest.raises(bh.AccountStatusError, match="403"):
            give(runtime, 1)
        service.admin("account", "resume", "suspended")
        held.authenticate()
        give(runtime, 1)


def test_frames_end_with_the_balance(
    service: Service, speaker: Callable[[Authorisation], bh.Runtime]
) -> None:
    with right(service, service.account("poor", 1), interval=60) as held:
        runtime = speaker(held)
        give(runtime, 61)
        with pytest.raises(bh.AccountStatusError, match="402"):
            held.authenticate()
        with pytest.raises(bh.AccountStatusError):
            give(runtime, 1)
    assert account(service, "poor").balance == -1  # the second minute had begun


def test_a_revoked_secret_ends_its_tokens_too(
    service: Service, speaker: Callable[[Authorisation], bh.Runtime]
) -> None:
    secret = service.account("revoked")
    with right(service, secret) as held:
        runtime = speaker(held)
        until(lambda: held.info.beats >= 2, "its token is used")
        service.admin("secret", "revoke", secret.split("_")[1])
        until(lambda: held.info.allowed_us == 0, "it is revoked")
        with pytest.raises(bh.AccountStatusError, match="403"):
            give(runtime, 1)


def test_a_token_is_enough_where_the_secret_is_not(
    service: Service, metered: Path, authority: Authority
) -> None:
    request = urllib.request.Request(f"{service.url}/v1/token", method="POST")
    request.add_header("api-secret", service.account("apart"))
    trust = ssl.create_default_context(cafile=str(authority.bundle))
    with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
        token = json.load(answer)["token"]
    with bh.Avatar.load(metered, token=token, api_url=f"{service.url}/v1/token") as avatar:
        assert sum(1 for _ in avatar.compose(SECOND)) == 25
    with pytest.raises(bh.TokenValidationError):
        bh.Avatar.load(metered, token=token[:-3], api_url=f"{service.url}/v1/")


def test_an_avatar_that_is_not_the_accounts(
    service: Service, metered: Path, studio: Studio, tmp_path: Path
) -> None:
    digest = seal(TINY.read_bytes(), studio.key, issuer="Studio A").digest
    other = studio.sealed(tmp_path / "other.imx", unmetered=True)
    secret = service.account("one-avatar", 100, 10, "--avatar", digest)
    with bh.Avatar.load(metered, secret, api_url=f"{service.url}/v1/") as avatar:
        assert sum(1 for _ in avatar.compose(SECOND)) == 25
        with pytest.raises(bh.AccountStatusError, match="403"):
            bh.Avatar.load(other, secret, api_url=f"{service.url}/v1/")
        held = avatar.fixture.auth
        assert isinstance(held, Authorisation)
        service.admin("avatar", "forbid", "one-avatar", digest)
        with pytest.raises(bh.AccountStatusError, match="403"):
            held.authenticate()


def test_tokens_are_renewed(
    authority: Authority, tmp_path: Path, speaker: Callable[[Authorisation], bh.Runtime]
) -> None:
    certificate = authority.bundle.parent / "good"
    options = ("--certfile", f"{certificate}.pem", "--keyfile", f"{certificate}.key",
               "--token-lifetime", "2")  # fmt: skip
    with (
        Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db", *options) as service,
        right(service, service.account("ada")) as held,
    ):
        first = held.info.token_expires
        until(lambda: held.info.token_expires > first + 1, "there is a new token")
        assert held.info.failures == 0
        give(speaker(held), 1)


def test_so_many_sessions_and_no_more(service: Service, metered: Path) -> None:
    secret = service.account("limited", 100, 1)
    with right(service, secret) as held:
        with pytest.raises(bh.TokenRequestError, match="429"):
            bh.Avatar.load(metered, secret, api_url=f"{service.url}/v1/")
        held.authenticate()
        service.admin("account", "limit", "limited", 2)
        with bh.Avatar.load(metered, secret, api_url=f"{service.url}/v1/") as avatar:
            assert sum(1 for _ in avatar.compose(SECOND)) == 25


def test_killed_in_the_middle_it_goes_on(
    service: Service, speaker: Callable[[Authorisation], bh.Runtime]
) -> None:
    with right(service, service.account("killed")) as held:
        runtime = speaker(held)
        give(runtime, 61)
        service.kill()
        until(lambda: held.info.failures > 0, "nobody answers")
        give(runtime, 61)  # frames do not wait
        service.start()
        until(lambda: held.info.failures == 0, "it is back")
        held.stop()
        held.authenticate()
        frames = held.info.frames
        assert frames > 3000
        assert account(service, "killed").balance == 1000 - (frames // 1500 + 1)
