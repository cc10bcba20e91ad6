"""Metered avatars against an issuer behind real TLS, and open avatars against nobody at all."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from issuer import Authority, Issuer, Request, says, token, yes
from metered import Studio, authority, metered, studio, trusted
from support import ELSEWHERE, REPO, TINY

import bithuman_ctypes as bh
from bithuman_ctypes.auth import Authorisation, Credentials

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes certificates by it")

__all__ = ["authority", "metered", "studio", "trusted"]

SECRET = "hush-77f1c0de"
SOUND = np.zeros(640 * 5, np.float32)


@pytest.fixture
def issuer(authority: Authority) -> Iterator[Issuer]:
    with Issuer(authority.context()) as running:
        yield running


def _right(url: str, **more: object) -> Authorisation:
    return Authorisation(Credentials(SECRET, api_url=url, **more))  # type: ignore[arg-type]


def _frames(avatar: bh.Avatar) -> int:
    return sum(1 for _ in avatar.compose(SOUND))


# ---------------------------------------------------------------- the sync API


def test_a_metered_avatar_speaks_with_a_right(issuer: Issuer, metered: Path) -> None:
    with bh.Avatar.load(metered, SECRET, api_url=issuer.url(), agent_code="A1") as avatar:
        assert _frames(avatar) == 5
        with avatar.stream(realtime=False) as stream:
            stream.push(SOUND)
            stream.flush()
            assert stream.read(5) is not None
    request = issuer.requests[0]
    assert request.path == "/v1/runtime-tokens/heartbeat"
    assert request.headers["api-secret"] == SECRET
    assert request.body["tags"] == "bithuman;agent=A1"
    with bh.Fixture(metered) as fixture:
        digest = fixture.seal.digest
    named = {"identity": "tiny", "issuer": "Studio A", "digest": digest, "frames_served": 0}
    assert request.body["avatars"] == [named]


def test_variables_do_too(issuer: Issuer, metered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITHUMAN_API_SECRET", SECRET)
    monkeypatch.setenv("BITHUMAN_API_URL", issuer.url())
    with bh.Avatar.load(metered) as avatar:
        assert _frames(avatar) == 5


def test_without_credentials_it_says_what_to_give(
    metered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(bh.TokenValidationError, match="BITHUMAN_API_SECRET"):
        bh.Avatar.load(metered)
    with pytest.raises(bh.TokenRequestError, match="BITHUMAN_API_URL"):
        bh.Avatar.load(metered, SECRET)
    # What plugins pass without being asked is nobody's decision.
    with pytest.raises(bh.TokenRequestError, match="BITHUMAN_API_URL"):
        bh.Avatar.load(
            metered, SECRET, api_url="https://auth.api.bithuman.ai/v1/runtime-tokens/request"
        )


def test_the_low_level_is_gated_too(metered: Path) -> None:
    with bh.Fixture(metered) as fixture, bh.Runtime(fixture) as runtime:
        with pytest.raises(bh.TokenError) as caught:
            runtime.get_source_frame()
        assert caught.value.code == "not_authorised"


@pytest.mark.parametrize(
    ("code", "kind", "word", "exit_code"),
    [
        (401, bh.TokenValidationError, "token_invalid", 77),
        (402, bh.AccountStatusError, "account_status", 77),
        (403, bh.AccountStatusError, "account_status", 77),
        (404, bh.TokenRequestError, "token_request_failed", 75),
        (429, bh.TokenRequestError, "token_request_failed", 75),
        (500, bh.TokenRequestError, "token_request_failed", 75),
        (503, bh.TokenRequestError, "token_request_failed", 75),
    ],
)
def test_refusals_are_exceptions(
    issuer: Issuer, metered: Path, code: int, kind: type[bh.TokenError], word: str, exit_code: int
) -> None:
    issuer.behave = says(code)
    with pytest.raises(kind, match=str(code)) as caught:
        bh.Avatar.load(metered, SECRET, api_url=issuer.url())
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.exit_code) == (word, exit_code)
    assert isinstance(caught.value, bh.NotAuthorised)


def test_frames_stop_when_the_issuer_refuses(issuer: Issuer, metered: Path) -> None:
    with bh.Avatar.load(metered, SECRET, api_url=issuer.url()) as avatar:
        right = avatar.fixture.auth
        assert isinstance(right, Authorisation)
        issuer.behave = says(402)
        with pytest.raises(bh.AccountStatusError):
            right.authenticate()
        with pytest.raises(bh.AccountStatusError, match="balance"):
            _frames(avatar)
        issuer.behave = yes
        right.authenticate()
        assert _frames(avatar) == 5


def test_retry_after_is_heard(issuer: Issuer) -> None:
    issuer.behave = says(503, Retry_After="3600")
    with _right(issuer.url()) as right:
        with pytest.raises(bh.TokenRequestError):
            right.authenticate()
        right.start()
        issuer.behave = yes
        time.sleep(2)  # without the header it would have come back after a second
        assert len(issuer.requests) == 1


# ---------------------------------------------------------------- TLS


@pytest.mark.parametrize("name", ["expired", "self-signed", "wrong-host"])
def test_no_secret_goes_to_a_server_that_is_not_verified(authority: Authority, name: str) -> None:
    with Issuer(authority.context(name)) as issuer, _right(issuer.url()) as right:
        with pytest.raises(bh.TokenRequestError, match=r"(?i)certificate|SSL"):
            right.authenticate()
        assert issuer.requests == []


LENIENT = """
openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = all
[all]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


def test_old_tls_is_refused(authority: Authority, tmp_path: Path) -> None:
    context = authority.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    # Not because the system is strict: in the child its settings would let it through.
    settings = tmp_path / "openssl.cnf"
    settings.write_text(LENIENT)
    script = (
        "import sys; from bithuman_ctypes.auth import *\n"
        "with Authorisation(Credentials(sys.argv[1], api_url=sys.argv[2])) as right:\n"
        "    right.authenticate()\n"
    )
    with Issuer(context) as issuer:
        done = subprocess.run(
            [sys.executable, "-c", script, SECRET, issuer.url()],
            cwd=ELSEWHERE, env={**_child_environment(), "OPENSSL_CONF": str(settings)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "TokenRequestError" in done.stderr
        assert issuer.requests == []


def test_a_stale_variable_is_named(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere/ca.pem")
    with _right(issuer.url()) as right:
        with pytest.raises(bh.TokenRequestError, match=r"CURL_CA_BUNDLE.*/nowhere/ca\.pem"):
            right.authenticate()
        monkeypatch.delenv("CURL_CA_BUNDLE")
        right.authenticate()


def test_only_what_the_variable_names_is_trusted(
    issuer: Issuer, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(other).bundle))
    with _right(issuer.url()) as right, pytest.raises(bh.TokenRequestError, match="certificate"):
        right.authenticate()
    assert issuer.requests == []
    monkeypatch.setenv("CURL_CA_BUNDLE", str(authority.bundle))  # it comes first
    with _right(issuer.url()) as right:
        right.authenticate()


def test_insecure_is_refused_for_metered_avatars(issuer: Issuer, metered: Path) -> None:
    async def main() -> None:
        await bh.AsyncBithuman.create(
            model_path=metered, api_secret=SECRET, api_url=issuer.url(), insecure=True
        )

    with pytest.raises(bh.ModelSecurityError, match="insecure"):
        asyncio.run(main())
    assert issuer.requests == []


def test_insecure_works_where_the_studio_allows_it(
    authority: Authority, studio: Studio, tmp_path: Path
) -> None:
    lenient = studio.sealed(tmp_path / "lenient.imx", insecure=True)

    async def main(url: str) -> None:
        async with await bh.AsyncBithuman.create(
            model_path=lenient, api_secret=SECRET, api_url=url, insecure=True
        ) as live:
            assert live.is_token_validated()

    for name in ("self-signed", "wrong-host"):
        with Issuer(authority.context(name)) as issuer:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                asyncio.run(main(issuer.url()))
            assert issuer.requests[0].headers["api-secret"] == SECRET
            assert (name != "self-signed") or any("insecure" in str(w.message) for w in caught)
            with pytest.raises(bh.TokenRequestError):
                bh.Avatar.load(lenient, SECRET, api_url=issuer.url())


@pytest.mark.parametrize("url", ["http://issuer.example/", "ftp://issuer.example/", "nonsense"])
def test_a_secret_needs_https(metered: Path, url: str) -> None:
    with pytest.raises(bh.InvalidArgumentError) as caught:
        bh.Avatar.load(metered, SECRET, api_url=url)
    assert SECRET not in str(caught.value)


def test_what_is_no_text_is_refused_without_being_kept(metered: Path) -> None:
    url = "https://issuer.example/"
    with pytest.raises(bh.InvalidArgumentError, match="api_secret is not valid Unicode") as caught:
        bh.Avatar.load(metered, SECRET + "\udcff", api_url=url)
    assert caught.value.__context__ is None, "an UnicodeEncodeError holds what it is about"
    with pytest.raises(TypeError, match="api_secret must be text, not bytes"):
        bh.Avatar.load(metered, SECRET.encode(), api_url=url)  # type: ignore[arg-type]


# ---------------------------------------------------------------- bad answers


def _slow(request: Request) -> None:
    body = b'{"status":"ok"}'
    request.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
    for byte in body:
        time.sleep(0.05)
        request.write(bytes([byte]))


def test_a_slow_answer_is_an_answer(issuer: Issuer) -> None:
    issuer.behave = _slow
    with _right(issuer.url()) as right:
        right.authenticate()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n" + b'{"status":"ok"}',
        b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b" " * 2_000_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 5_000_000 + b"\r\n\r\n",
        b"\x00\xff" * 5000,
        b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n" + b"\x00" * 15,
        b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n<html>hi!</",
        b"",
    ],
    ids=["truncated", "huge", "chunks", "header", "garbage", "zeros", "html", "nothing"],
)
def test_an_answer_without_sense_is_none(issuer: Issuer, data: bytes) -> None:
    issuer.behave = lambda request: request.write(data)
    with _right(issuer.url()) as right:
        with pytest.raises(bh.TokenRequestError):
            right.authenticate()
        issuer.behave = yes
        right.authenticate()


def test_a_redirect_is_not_followed(issuer: Issuer, authority: Authority) -> None:
    with Issuer(authority.context()) as other, _right(issuer.url()) as right:
        for code in (301, 302, 307, 308):
            issuer.behave = says(code, Location=other.url("localhost"))
            with pytest.raises(bh.TokenRequestError, match=f"{code}, a redirect"):
                right.authenticate()
        assert other.requests == []


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}/"
        with _right(url) as right, pytest.raises(bh.TokenRequestError):
            right.authenticate()
    with (
        _right("https://no-such-host.invalid/") as right,
        pytest.raises(bh.TokenRequestError, match=r"no-such-host\.invalid"),
    ):
        right.authenticate()


def test_closing_does_not_wait_for_an_answer(issuer: Issuer) -> None:
    issuer.behave = Request.hang
    right = _right(issuer.url())
    right.start()
    issuer.wait(1)
    start = time.monotonic()
    right.close()
    assert time.monotonic() - start < 10  # the answer would be waited for 20 s


def test_closing_does_not_wait_for_a_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        right = _right(f"https://127.0.0.1:{silent.getsockname()[1]}/")
        right.start()
        client, _ = silent.accept()
        with client:
            start = time.monotonic()
            right.close()
            assert time.monotonic() - start < 5  # the handshake would be waited for 10 s


NO_NAMES = """
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)node, (void)service, (void)hints, (void)found;
    if (write(1, "asked\\n", 6) == 6)
        sleep(300);
    return EAI_AGAIN;
}
"""


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="preloads what cc makes"
)
def test_stopping_does_not_wait_for_a_name_server(tmp_path: Path) -> None:
    source, preloaded = tmp_path / "names.c", tmp_path / "names.so"
    source.write_text(NO_NAMES)
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(preloaded)], check=True)
    script = (
        "import sys; from bithuman_ctypes.auth import *\n"
        "right = Authorisation(Credentials('s', api_url='https://issuer.example/'))\n"
        "right.start(); sys.stdin.readline(); right.close()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ELSEWHERE, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={**_child_environment(), "LD_PRELOAD": str(preloaded)},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == b"asked\n"
    child.communicate(b"\n", timeout=60)  # the name would be waited for 20 s at least, and 300 s
    assert child.returncode == 0


def test_a_process_ends_while_an_answer_is_awaited(issuer: Issuer) -> None:
    issuer.behave = Request.hang
    script = (
        "import sys; from bithuman_ctypes.auth import *\n"
        "right = Authorisation(Credentials(sys.argv[1], api_url=sys.argv[2]))\n"
        "right.start(); sys.stdin.readline(); del right\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, SECRET, issuer.url()],
        stdin=subprocess.PIPE, cwd=ELSEWHERE, env=_child_environment(),
    )  # fmt: skip
    issuer.wait(1)
    child.communicate(b"\n", timeout=15)
    assert child.returncode == 0


# ---------------------------------------------------------------- proxies


class Proxy:
    """Tunnels CONNECT, and keeps what it heard in clear."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Until what it tunnelled is over."""
        self._thread.join(30)

    def _serve(self) -> None:
        with self._listener:
            client, _ = self._listener.accept()
        head = client.recv(65536)
        self.heard.append(head)
        host, port = head.split()[1].decode().rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=self._copy, args=(server, client, []), daemon=True)
        back.start()
        with client, server:
            self._copy(client, server, self.heard)
            back.join()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket, kept: list[bytes]) -> None:
        try:
            while data := source.recv(65536):
                kept.append(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_a_proxy_sees_no_secret(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with _right(issuer.url()) as right:
        right.authenticate()
    proxy.join()
    assert proxy.heard[0].startswith(f"CONNECT 127.0.0.1:{issuer.port} ".encode())
    assert len(proxy.heard) > 1
    assert SECRET.encode() not in b"".join(proxy.heard)


def test_plain_http_on_this_machine_goes_by_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Issuer(None) as issuer, _right(issuer.url()) as right:
        right.authenticate()
        assert len(issuer.requests) == 1


# ---------------------------------------------------------------- tokens


def test_a_token_is_used_and_renewed(issuer: Issuer) -> None:
    given = [token(3600), token(7200)]

    def behave(request: Request) -> None:
        text = json.dumps({"status": "ok", "token": given[0]}).encode()
        request.answer(200, text)

    issuer.behave = behave
    with _right(issuer.url()) as right:
        right.authenticate()
        assert abs(right.expires - time.time() - 3600) < 60
        right.authenticate()
        assert issuer.requests[1].headers["authorization"] == f"Bearer {given[0]}"
        assert "api-secret" not in issuer.requests[1].headers
        given[0] = token(0.5)  # about to end: the next beat asks with the secret
        right.authenticate()
        given[0] = given[1]
        right.authenticate()
        assert issuer.requests[3].headers["api-secret"] == SECRET
        assert abs(right.expires - time.time() - 7200) < 60


def test_an_expired_token_says_so(issuer: Issuer, metered: Path) -> None:
    issuer.behave = says(401)
    with pytest.raises(bh.TokenExpiredError) as caught:
        bh.Avatar.load(metered, token=token(-100), api_url=issuer.url())
    assert caught.value.code == "token_expired"
    with pytest.raises(bh.TokenValidationError):
        bh.Avatar.load(metered, token="opaque", api_url=issuer.url())


# ---------------------------------------------------------------- the live API


def test_a_live_avatar_tells_about_its_right(issuer: Issuer, metered: Path) -> None:
    async def main() -> None:
        first = token(1000)
        async with await bh.AsyncBithuman.create(
            model_path=metered, token=first, api_url=issuer.url(), billing_type="minute"
        ) as live:
            assert live.is_token_validated()
            assert live.is_token_refresh_running()
            assert abs(live.get_expiration_time() - time.time() - 1000) < 60
            live.set_token(token(5000))
            assert abs(live.get_expiration_time() - time.time() - 5000) < 60
            live.set_agent_code("A7")
            live._regenerate_transaction_id()
            await live._initialize_token()
            body = issuer.requests[-1].body
            assert body["tags"] == "bithuman;agent=A7"
            assert body["transaction_id"] == live.transaction_id
            assert body["billing_type"] == "minute"
            assert issuer.requests[0].body["transaction_id"] != live.transaction_id
            live.stop_token_refresh()
            assert not live.is_token_refresh_running()
            live.start_token_refresh()
            assert live.is_token_refresh_running()
            async for frame in live.run():
                assert frame.has_image
                break

    asyncio.run(main())


def test_a_live_avatar_waits_for_its_right_and_goes_on(
    issuer: Issuer, metered: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        credentials = Credentials(SECRET, api_url=issuer.url())
        fixture = bh.Fixture(metered)
        fixture.auth = right = Authorisation(credentials, interval=1, grace=1)
        right.authenticate()
        from bithuman_ctypes._lowlevel import StreamOptions
        from bithuman_ctypes._pump import Pump
        from bithuman_ctypes._session import Session

        session = Session(fixture, StreamOptions(realtime=True))
        pump = Pump(session)
        assert await pump.next() is not None
        while "waits for its authorisation" not in caplog.text:  # nobody beats: the right ends
            with_frame = asyncio.ensure_future(pump.next())
            done, _ = await asyncio.wait({with_frame}, timeout=1)
            if not done:
                with_frame.cancel()
        right.start()
        assert await pump.next() is not None
        pump.close()
        session.stop()

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())


# ---------------------------------------------------------------- secrets


def test_secrets_are_shown_nowhere(
    issuer: Issuer, metered: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = token(3600)
    shown: list[str] = []

    def look(thing: object) -> None:
        shown.append(f"{thing!r} {thing!s}")

    credentials = Credentials(SECRET, given, issuer.url())
    with caplog.at_level(logging.DEBUG), Authorisation(credentials) as right:
        for behave in (yes, says(401), says(402), says(500)):
            issuer.behave = behave
            try:
                right.authenticate()
            except bh.BithumanError as error:
                look(error)
                shown.append(
                    "".join(traceback.format_exception(type(error), error, error.__traceback__))
                )
        look(right)
        look(right.info)
        look(right.last_error)
        look(credentials)
        for bad in (SECRET + "\n", SECRET + "é"):
            with pytest.raises(bh.InvalidArgumentError) as caught:
                bh.Avatar.load(metered, bad, api_url=issuer.url())
            look(caught.value)
    shown.append(caplog.text)
    for text in shown:
        assert SECRET not in text
        assert given not in text
    assert any("HTTP 402" in text for text in shown)


# ---------------------------------------------------------------- open avatars


def _child_environment() -> dict[str, str]:
    import bithuman_ctypes
    from bithuman_ctypes._ffi.library import library_path

    package = str(Path(str(bithuman_ctypes.__file__)).parent.parent)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([package, str(REPO / "tests" / "python")]),
        "BITHUMAN_ESSENCE_LIBRARY": str(library_path()),
        "BITHUMAN_API_SECRET": SECRET,
        "BITHUMAN_API_URL": "https://192.0.2.1/",
    }


OPEN = """
import asyncio, sys
import numpy as np
import bithuman_ctypes as bh
sound = np.zeros(16000, np.float32)
url = "https://192.0.2.1/"
with bh.Avatar.load(sys.argv[1], "a-secret", token="t", api_url=url, fingerprint="f" * 32) as one:
    assert sum(1 for _ in one.compose(sound)) == 25
    with one.stream() as stream:
        stream.push(sound)
        stream.flush()
        for _ in range(10):
            assert stream.read(5) is not None
async def main():
    live = await bh.AsyncBithuman.create(
        model_path=sys.argv[1], api_secret="a-secret", token="t", api_url=url, insecure=True)
    live.start_token_refresh()
    await live._initialize_token()
    await live.push_audio(np.zeros(8000, np.int16).tobytes(), 16000)
    count = 0
    async for _ in live.run():
        count += 1
        if count == int(sys.argv[2]):
            break
    live.cleanup()
asyncio.run(main())
libraries = open("/proc/self/maps").read()
assert "curl" not in libraries
print("done")
"""


@pytest.mark.parametrize("frames", [20, pytest.param(90 * 25, marks=pytest.mark.long)])
def test_an_open_avatar_opens_no_socket(tmp_path: Path, frames: int) -> None:
    command = [sys.executable, "-c", OPEN, str(TINY), str(frames)]
    log = tmp_path / "calls"
    strace = shutil.which("strace")
    if (
        strace is not None
        and subprocess.run(
            [strace, "-o", os.devnull, "true"], capture_output=True, check=False
        ).returncode
        == 0
    ):
        command = [strace, "-f", "-e", "trace=%network", "-o", str(log), *command]
    done = subprocess.run(
        command, cwd=ELSEWHERE, env=_child_environment(), capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    assert done.stdout == "done\n", done.stderr
    if log.exists():
        calls = log.read_text()
        assert "exited with 0" in calls
        # asyncio wakes itself by a pair of sockets that lead nowhere.
        leads_out = ("socket(", "connect(")
        others = [line for line in calls.splitlines() if any(call in line for call in leads_out)]
        others = [line for line in others if "AF_UNIX" not in line and "resumed" not in line]
        assert others == []


def test_development_needs_the_manifests_leave(
    metered: Path, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient = studio.sealed(tmp_path / "lenient.imx", unmetered=True)
    monkeypatch.setenv("BITHUMAN_UNMETERED", "1")
    with pytest.warns(UserWarning, match="BITHUMAN_UNMETERED"):
        avatar = bh.Avatar.load(lenient)
    with avatar:
        assert _frames(avatar) == 5
    with bh.Avatar.load(lenient) as again:  # said once
        assert _frames(again) == 5
    with pytest.raises(bh.TokenError):
        bh.Avatar.load(metered)
    monkeypatch.delenv("BITHUMAN_UNMETERED")
    with pytest.raises(bh.TokenError):
        bh.Avatar.load(lenient)
