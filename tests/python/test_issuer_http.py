"""The issuer's interface over HTTP, and its commands: the real service on a port."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import jwt
import pytest
from issuer_service import Service, beat, issuer
from support import environment, run_python

from bithuman_ctypes.errors import BithumanError, InvalidArgumentError
from bithuman_ctypes.issuer.credentials import Claim, Tokens, load_key
from bithuman_ctypes.issuer.ledger import Answer as Answered
from bithuman_ctypes.issuer.ledger import Beat, Verdict
from bithuman_ctypes.issuer.limits import Limiter
from bithuman_ctypes.issuer.openapi import document
from bithuman_ctypes.issuer.writer import Overloaded, Writer


class Answer(NamedTuple):
    """What came back."""

    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


def ask(service: Service, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """One request."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    connection.close()
    _check_documented(method, path, found)
    return found


def _check_documented(method: str, path: str, answer: Answer) -> None:
    """The answer is one that the OpenAPI document describes."""
    api = document()
    responses = api["paths"][path][method.lower()]["responses"]
    content = responses[str(answer.code)].get("content")
    if content:
        schema = content["application/json"]["schema"]
        jsonschema.validate(answer.json, {**schema, "components": api["components"]})
    assert answer.headers["content-type"] == "application/json"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("issuer")
    with Service(folder, f"sqlite:///{folder}/issuer.db", "--metrics", _free()) as running:
        yield running


@pytest.fixture(scope="module")
def secret(service: Service) -> str:
    return service.account("ada", 1000, 100)


def _free() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


HEARTBEAT = "/v1/heartbeat"


def test_a_beat_with_a_secret_gives_a_token(service: Service, secret: str) -> None:
    answer = ask(service, "POST", HEARTBEAT, beat("s1", 0), api_secret=secret)
    assert (answer.code, answer.json["status"]) == (200, "ok")
    claims = jwt.decode(answer.json["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600
    bearer = f"Bearer {answer.json['token']}"
    answer = ask(service, "POST", HEARTBEAT, beat("s1", 10, 1), authorization=bearer)
    assert answer.json == {"status": "ok"}


def test_a_token_for_a_machine_without_the_secret(service: Service, secret: str) -> None:
    answer = ask(service, "POST", "/v1/token", api_secret=secret)
    assert (answer.code, answer.json["expires_in"]) == (200, 3600)
    bearer = f"Bearer {answer.json['token']}"
    assert ask(service, "POST", HEARTBEAT, beat("s2", 0), authorization=bearer).code == 200
    assert ask(service, "POST", "/v1/token", authorization=bearer).code == 401


def test_tokens_are_ours_and_end(tmp_path: Path) -> None:
    key = load_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    tokens = Tokens(key, 60)
    claim = tokens.claim(tokens.sign("a" * 12))
    assert claim is not None
    assert claim.secret_id == "a" * 12
    over = Tokens(key, -60)
    assert tokens.claim(over.sign("a" * 12)) is None
    brief = Tokens(key, -29)  # within the difference of clocks, for one second more
    text = brief.sign("a" * 12)
    assert tokens.claim(text) is not None
    time.sleep(2.1)
    assert tokens.claim(text) is None, "verified once is not good for ever"
    assert tokens.claim(Tokens(bytes(32), 60).sign("a" * 12)) is None
    now = int(time.time())
    for claims in ({"sub": "a", "iat": now}, {"sub": "a", "exp": now + 9}, {"exp": now + 9}):
        assert tokens.claim(jwt.encode(claims, key, "HS256")) is None
    unsigned = jwt.encode({"sub": "a", "iat": now, "exp": now + 9}, "", "none")
    assert tokens.claim(unsigned) is None
    assert tokens.claim("nonsense") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 60000,
        beat("s", 0).replace(b'"version": 1', b'"version": 2'),
        beat("", 0),
        beat("x" * 65, 0),
        beat("a\u0000b", 0),
        beat("\ud800", 0),
        beat("s", -1),
        beat("s", 2**40 + 1),
        beat("s", 0).replace(b'"frames_served": 0', b'"frames_served": 0.5'),
        beat("s", 0).replace(b'"frames_served": 0', b'"frames_served": true'),
        beat("s", 0).replace(b'"frames_served": 0', b'"frames_served": "0"'),
        beat("s", 0).replace(b'"frames_served": 0', b'"frames_served": NaN'),
        beat("s", 0).replace(b'"beat": 0', b'"beat": null'),
        beat("s", 0, avatars={}),
        beat("s", 0, avatars=["1" * 64]),
        beat("s", 0, avatars=[{"digest": "1" * 63}]),
        beat("s", 0, avatars=[{"digest": None}]),
        beat("s", 0, avatars=[{"digest": "1" * 64}] * 65),
        beat("a b", 0),
    ],
)
def test_what_is_no_beat_is_refused(service: Service, secret: str, body: bytes) -> None:
    answer = ask(service, "POST", HEARTBEAT, body, api_secret=secret)
    assert answer.code == 400
    assert answer.json["error"] == "body"


def test_a_large_body_is_refused(service: Service, secret: str) -> None:
    assert ask(service, "POST", HEARTBEAT, b" " * 70000, api_secret=secret).code == 413


@pytest.mark.parametrize(
    "tags", ['"a\\u0000\\nb"', '"\\ud800"', '"kiosk\u00a0;agent=\u00e9"', f'"{"x" * 2000}"', "7"]
)
def test_a_hosts_words_are_no_reason_to_refuse(service: Service, secret: str, tags: str) -> None:
    body = beat("words", 0, tags="T").replace(b'"T"', tags.encode())
    for sent in (body, body.replace("\u00e9".encode(), b"\xff")):
        assert ask(service, "POST", HEARTBEAT, sent, api_secret=secret).code == 200


def test_what_a_beat_has_more_does_no_harm(service: Service, secret: str) -> None:
    body = beat("s3", 0, fingerprint="f" * 32, billing_type="minute", avatars=[], later={"a": 1})
    assert ask(service, "POST", HEARTBEAT, body, api_secret=secret).code == 200


def test_refusals_say_why(service: Service) -> None:
    poor = service.account("poor", 1)
    assert ask(service, "POST", HEARTBEAT, beat("p1", 0), api_secret=poor).code == 200
    assert ask(service, "POST", HEARTBEAT, beat("p1", 1500), api_secret=poor).code == 402
    service.admin("account", "credit", "poor", 10)
    assert ask(service, "POST", HEARTBEAT, beat("p1", 1500), api_secret=poor).code == 200
    service.admin("account", "limit", "poor", 1)
    answer = ask(service, "POST", HEARTBEAT, beat("p2", 0), api_secret=poor)
    assert (answer.code, answer.json["error"]) == (429, "sessions")
    assert int(answer.headers["retry-after"]) > 0
    service.admin("account", "suspend", "poor")
    answer = ask(service, "POST", HEARTBEAT, beat("p1", 1500), api_secret=poor)
    assert (answer.code, answer.json["error"]) == (403, "suspended")
    assert ask(service, "POST", "/v1/token", api_secret=poor).code == 403
    service.admin("account", "resume", "poor")
    token = ask(service, "POST", "/v1/token", api_secret=poor).json["token"]
    service.admin("secret", "revoke", poor.split("_")[1])
    limited = service.account("limited")
    service.admin("avatar", "forbid", "limited", "any")
    service.admin("avatar", "allow", "limited", "1" * 64)
    assert service.admin("avatar", "list", "limited").split() == ["AVATAR", "1" * 64]
    for digest, code in (("1" * 64, 200), ("2" * 64, 403)):
        body = beat("l", 0, avatars=[{"identity": "ada", "digest": digest, "frames_served": 0}])
        assert ask(service, "POST", HEARTBEAT, body, api_secret=limited).code == code
    for headers in ({"api_secret": poor}, {"authorization": f"Bearer {token}"}):
        answer = ask(service, "POST", HEARTBEAT, beat("p1", 1500), **headers)
        assert (answer.code, answer.json["error"]) == (403, "revoked")


def test_health_and_the_document(service: Service) -> None:
    assert ask(service, "GET", "/health").json == {"status": "ok"}
    assert ask(service, "GET", "/openapi.json").json == document()
    jsonschema.Draft202012Validator.check_schema(document()["components"]["schemas"]["Beat"])
    api = document()
    schema = {"$ref": "#/components/schemas/Beat", "components": api["components"]}
    jsonschema.validate(json.loads(beat("s", 0)), schema)


def test_who_guesses_is_slowed_down_and_nobody_else(tmp_path: Path) -> None:
    with Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db", "--rate", "2") as service:
        good, late = service.account("good"), service.account("late")
        assert ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=good).code == 200
        wrong = f"{good[:-4]}AAAA"
        guesses = [
            ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=text)
            for text in [wrong, "nonsense", "be_ö_".encode().decode("latin-1"), *[wrong] * 40]
        ]
        codes = [answer.code for answer in guesses]
        assert codes[:3] == [401] * 3
        assert 401 in codes[15:20]
        assert codes[-1] == 429
        assert int(guesses[-1].headers["retry-after"]) >= 1
        # From that address nobody new is heard; who was good is.
        assert ask(service, "POST", HEARTBEAT, beat("t", 0), api_secret=late).code == 429
        codes = [
            ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=good).code for _ in range(15)
        ]
        assert codes[:5] == [200] * 5
        assert 429 in codes, "six at once, and two a second"


@pytest.mark.parametrize("proxy", ["127.0.0.1", "192.0.2.1"])
def test_the_proxy_alone_is_believed(tmp_path: Path, proxy: str) -> None:
    options = ("--host", "0.0.0.0", "--behind-proxy", proxy)
    with Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db", *options) as service:

        def guess(address: str) -> int:
            return ask(service, "POST", HEARTBEAT, b"", x_forwarded_for=address).code

        codes = [guess("198.51.100.7") for _ in range(40)]
        assert codes[0] == 401
        assert codes[-1] == 429
        assert guess("198.51.100.8") == (401 if proxy == "127.0.0.1" else 429)


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    limiter = Limiter(rate=2, burst=3, clock=lambda: now[0])
    for _ in range(3):
        assert limiter.wait("a") == 0
        limiter.take("a")
    assert limiter.wait("a") == pytest.approx(0.5)
    assert limiter.wait("b") == 0
    now[0] = 0.5
    assert limiter.wait("a") == 0
    now[0] = 100
    for _ in range(3):
        limiter.take("a")
    assert limiter.wait("a") > 0, "no more than the burst was kept"


def metrics(service: Service) -> str:
    """What Prometheus would be told; the service's last option is where."""
    host, port = service.options[-1].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_metrics(service: Service, secret: str) -> None:
    ask(service, "POST", HEARTBEAT, beat("metered", 1500), api_secret=secret)
    text = metrics(service)
    for name in (
        'issuer_answers_total{code="200",request="heartbeat"}',
        "issuer_minutes_total",
        "issuer_sessions ",
        "issuer_beat_seconds_count",
        "issuer_transaction_beats_sum",
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        assert float(line.split()[-1]) >= 1
    assert secret not in text


def test_no_secret_is_kept_or_told(tmp_path: Path) -> None:
    shown = []
    with Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db") as service:
        secret = service.account("ada")
        token = ask(service, "POST", "/v1/token", api_secret=secret).json["token"]
        bearer = f"Bearer {token}"
        for body in (beat("s", 0), b"nonsense", b""):
            for headers in ({"api_secret": secret}, {"authorization": bearer}):
                shown.append(str(ask(service, "POST", HEARTBEAT, body, **headers).headers))
        wrong = secret[:-2] + "AA"
        ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=wrong)
        ask(service, "POST", HEARTBEAT, beat("s", 0), authorization=bearer[:-2])
        service.admin("secret", "revoke", secret.split("_")[1])
        assert ask(service, "POST", HEARTBEAT, beat("s", 0), authorization=bearer).code == 403
        with socket.create_connection(("127.0.0.1", service.port)) as raw:
            raw.sendall(f"nonsense {secret}\r\napi-secret: {secret}\r\n\r\n".encode())
            raw.recv(1000)
        shown += [service.admin(*words) for words in (
            ("account", "list"), ("secret", "list", "ada"), ("audit",))]  # fmt: skip
    key = (tmp_path / "issuer.key").read_text().strip()
    files = [path for path in tmp_path.iterdir() if path.name != "issuer.key"]
    assert {"issuer.db", "issuer.log"} <= {path.name for path in files}
    shown += [path.read_bytes().decode("latin-1") for path in files]
    assert any("refuses" in text for text in shown)
    for text in shown:
        for word in (secret, secret.split("_", 2)[2], wrong, token, token.split(".")[2], key):
            assert word not in text


def test_while_the_database_fails_hosts_are_asked_to_come_again(tmp_path: Path) -> None:
    options = ("--metrics", _free())
    with Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db", *options) as service:
        secret = service.account("ada")
        with contextlib.closing(sqlite3.connect(tmp_path / "issuer.db")) as database:
            for old, new, code in (("charges", "away", 503), ("away", "charges", 200)):
                database.execute(f"ALTER TABLE {old} RENAME TO {new}")
                answer = ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=secret)
                assert answer.code == code
            database.execute("ALTER TABLE sessions RENAME TO away")
            assert "issuer_database_failures_total 1.0" in metrics(service)
            database.execute("ALTER TABLE away RENAME TO sessions")
        assert "the database fails: no such table" in service.log.read_text()
        line = service.admin("account", "list").splitlines()[1]
        assert line.split()[1] == "999", "the beat that failed left nothing"


def test_nobody_waits_for_a_transaction_that_broke() -> None:
    broken = [RuntimeError("a fault of ours")]
    seen: list[Exception] = []

    def apply(beats: Sequence[Beat]) -> list[Answered]:
        if broken:
            raise broken.pop()
        return [Answered(Verdict.OK)] * len(beats)

    async def main() -> None:
        writer = Writer(apply, seen.append)
        one = Beat(Claim("a", None), "s", 0)
        with pytest.raises(Overloaded):
            await writer.book(one)
        assert (await writer.book(one)).verdict is Verdict.OK
        await writer.close()

    asyncio.run(main())
    assert [str(error) for error in seen] == ["a fault of ours"]


def test_a_stop_answers_first_and_ends_well(tmp_path: Path) -> None:
    import signal

    with Service(tmp_path, f"sqlite:///{tmp_path}/issuer.db") as service:
        secret = service.account("ada")
        ask(service, "POST", HEARTBEAT, beat("s", 0), api_secret=secret)
        assert service.kill(signal.SIGTERM) == 0
        assert "stopped" in service.log.read_text()


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("serve", "--host", "0.0.0.0"), 64, "--certfile and --keyfile, or --behind-proxy"),
        (("serve", "--host", "issuer.example"), 64, "in clear: to listen on issuer.example"),
        (("serve", "--behind-proxy", "*"), 64, "address in digits, such as 10.0.0.2, not '*'"),
        (("serve", "--behind-proxy", "proxy.example"), 64, "not 'proxy.example'"),
        (("serve", "--certfile", "/nowhere.pem"), 64, "/nowhere.pem"),
        (("serve", "--keyfile", "/nowhere.pem"), 64, "--keyfile goes with --certfile"),
        (("serve", "--key-file", "/nowhere/key"), 73, "/nowhere/key"),
        (("account", "credit", "nobody", "5"), 64, "there is no account 'nobody'"),
        (("account", "add", "a\nb"), 64, "printable"),
        (("secret", "revoke", "nothing"), 64, "no secret 'nothing' is good"),
        (("account", "add", "ada", "--minutes", "-1"), 2, "must be 0 to"),
        (("serve", "--metrics", "9100"), 2, "not an address such as 127.0.0.1:9100: '9100'"),
    ],
)
def test_errors_say_what_is_wrong(
    tmp_path: Path,
    words: tuple[str, ...],
    status: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = f"sqlite:///{tmp_path}/issuer.db"
    key = ("--key-file", tmp_path / "key") if words[0] == "serve" and status != 73 else ()
    if status == 2:
        with pytest.raises(SystemExit) as usage:
            issuer(database, *words)
        assert usage.value.code == 2
        assert message in capsys.readouterr().err
        return
    with pytest.raises(BithumanError) as caught:
        issuer(database, *words, *key)
    assert caught.value.exit_code == status
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("mysql://a:hush@c/d", 64, "not mysql:"),
        ("nonsense", 64, "sqlite:///FILE or postgresql://"),
        ("sqlite:////nowhere/issuer.db", 69, "unable to open"),
        ("postgresql://a:hush@127.0.0.1:9/d", 69, "refused"),
        ("postgresql://127.0.0.1:9/d?user=a&password=hush", 69, "refused"),
        ("postgresql://a:hush@127.0.0.1:port/d", 64, "sqlite:///FILE or postgresql://"),
    ],
)
def test_databases_that_cannot_be(url: str, status: int, message: str) -> None:
    with pytest.raises(BithumanError, match=message) as caught:
        issuer(url, "account", "list")
    assert caught.value.exit_code == status
    assert "hush" not in str(caught.value)


def test_a_port_that_is_taken(tmp_path: Path, service: Service) -> None:
    database = f"sqlite:///{tmp_path}/issuer.db"
    with pytest.raises(BithumanError, match=f"cannot listen on 127.0.0.1:{service.port}"):
        issuer(database, "serve", "--port", service.port, "--key-file", tmp_path / "key")


@pytest.mark.parametrize("text", ["short", "zz" * 32])
def test_a_key_that_is_none(tmp_path: Path, text: str) -> None:
    key = tmp_path / "key"
    key.write_text(text)
    key.chmod(0o600)
    with pytest.raises(InvalidArgumentError, match="64 hexadecimal digits"):
        load_key(key)
    key.chmod(0o644)
    with pytest.raises(InvalidArgumentError, match="chmod 600"):
        load_key(key)


def test_the_lists(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/issuer.db"
    secret = issuer(database, "account", "add", "ada", "--minutes", 5)
    assert issuer(database, "account", "credit", "ada", -7) == "-2"
    lines = issuer(database, "account", "list").splitlines()
    assert [line.split() for line in lines] == [
        ["ACCOUNT", "BALANCE", "SESSIONS", "CHARGED", "STATE"],
        ["ada", "-2", "0/10", "0", "good"],
    ]
    assert secret.split("_")[1] in issuer(database, "secret", "list", "ada")
    assert len(issuer(database, "audit", "ada", "--lines", 1).splitlines()) == 2
    with pytest.raises(InvalidArgumentError, match="already"):
        issuer(database, "account", "add", "ada")
    with pytest.raises(InvalidArgumentError, match="not valid Unicode"):
        issuer(database, "account", "credit", "\udcff", 1)
    with contextlib.closing(sqlite3.connect(tmp_path / "issuer.db")) as books:
        books.execute("ALTER TABLE licences RENAME TO away")
    with pytest.raises(BithumanError, match="the database fails: no such table"):
        issuer(database, "avatar", "list", "ada")


def test_a_list_goes_where_its_letters_cannot(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/issuer.db"
    issuer(database, "account", "add", "Zoë")
    command = [sys.executable, "-m", "bithuman_ctypes", "issuer", "account", "list"]

    def listed(output: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, "--database", database],
            env=environment(PYTHONIOENCODING="ascii"),
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert b"Zo?" in listed(subprocess.PIPE).stdout
    with open("/dev/full", "wb") as full:
        result = listed(full)
    assert result.returncode == 73
    assert result.stderr.count(b"\n") == 1


def test_help_teaches_without_the_extra() -> None:
    done = run_python(
        "import sys\n"
        "from bithuman_ctypes.cli.main import main\n"
        "try:\n"
        "    main(['issuer', '--help'])\n"
        "finally:\n"
        "    print({'sqlalchemy', 'starlette', 'uvicorn'} & set(sys.modules))\n"
    )
    assert "account add ada --minutes 600" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"
    done = run_python(
        "import sys\n"
        "sys.modules['sqlalchemy'] = None\n"
        "from bithuman_ctypes.cli.main import main\n"
        "sys.exit(main(['issuer', 'account', 'list']))\n"
    )
    assert done.returncode == 69
    assert "pip install 'bithuman-ctypes[issuer]'" in done.stderr
