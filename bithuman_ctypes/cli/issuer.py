"""The ``issuer`` command: serves the reference issuer, and keeps its accounts."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from bithuman_ctypes.cli.show import show
from bithuman_ctypes.errors import InvalidArgumentError, NotSupported, RuntimeNotReadyError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bithuman_ctypes.issuer.accounts import Accounts

SUMMARY = "run an issuer of authorisations for metered avatars, and keep its accounts"
DESCRIPTION = """\
The reference issuer: hosts of metered avatars ask it once a minute, and it counts their minutes.

  bithuman-ctypes issuer account add ada --minutes 600     prints her secret, once
  bithuman-ctypes issuer serve                             on http://127.0.0.1:8700
  BITHUMAN_API_URL=http://127.0.0.1:8700/v1/ BITHUMAN_API_SECRET=be_... python host.py

docs/issuer.md explains all of it.
"""

DATABASE_VARIABLE = "BITHUMAN_ISSUER_DATABASE"
DEFAULT_DATABASE = "sqlite:///issuer.db"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_account(commands)
    _add_secret(commands)
    _add_avatar(commands)
    audit = _command(commands, "audit", _audit, "show who did what, and what sessions came to")
    audit.add_argument("name", nargs="?", metavar="NAME", help="of this account alone")
    audit.add_argument("--lines", metavar="N", type=_positive, default=50, help="(default: 50)")
    prune = _command(commands, "prune", _prune, "forget sessions that ended long ago")
    prune.add_argument("days", metavar="DAYS", type=_positive, help="how long ago they ended")


def run(arguments: argparse.Namespace) -> None:
    """Does the job. Everything that can go wrong is a BithumanError."""
    engine = _engine(arguments.database)
    from sqlalchemy.exc import SQLAlchemyError

    try:
        arguments.job(arguments, engine)
    except SQLAlchemyError as error:
        why = getattr(error, "orig", None) or error
        raise RuntimeNotReadyError(f"the database fails: {why}") from None
    except UnicodeEncodeError as error:  # bytes of the command line that are no characters
        raise InvalidArgumentError(f"not valid Unicode: {error.object!r}") from None
    finally:
        engine.dispose()


# ---------------------------------------------------------------- options


def _add_serve(commands: Any) -> None:
    serve = _command(
        commands, "serve", _serve, "listen for heartbeats; without TLS on this machine alone"
    )
    add = serve.add_argument
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="(default: 127.0.0.1)")
    add("--port", metavar="N", type=_port, default=8700, help="0: a free one (default: 8700)")
    add("--certfile", metavar="FILE.pem", help="the certificate with its chain: then it is https")
    add("--keyfile", metavar="FILE.pem", help="its key, if it is not in the same file")
    add(
        "--behind-proxy",
        metavar="ADDRESS",
        help="the reverse proxy here has the certificate; its X-Forwarded-For is believed",
    )
    add(
        "--key-file",
        metavar="FILE",
        type=Path,
        default=Path("issuer.key"),
        help="what signs tokens; made when it is not there; several issuers on one database share "
        "it (default: issuer.key)",
    )
    add(
        "--token-lifetime",
        metavar="SECONDS",
        type=_positive,
        default=3600,
        help="after that a host shows its secret again (default: 3600)",
    )
    add(
        "--rate",
        metavar="N",
        type=_positive,
        default=100,
        help="requests a second for each secret (default: 100)",
    )
    add(
        "--metrics",
        metavar="ADDRESS:PORT",
        type=_address,
        help="serve Prometheus there, such as 127.0.0.1:9100 (default: nowhere)",
    )


def _add_account(commands: Any) -> None:
    account = _group(commands, "account", "add, credit, suspend, resume, limit and list accounts")
    add = _command(account, "add", _add, "open an account and print its secret, once")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--minutes", metavar="N", type=_natural, default=0, help="(default: 0)")
    add.add_argument(
        "--sessions", metavar="N", type=_natural, default=10, help="at a time (default: 10)"
    )
    add.add_argument(
        "--avatar",
        metavar="DIGEST",
        action="append",
        help="may play this one alone, by the digest that seal prints; may be repeated "
        "(default: any)",
    )
    credit = _command(account, "credit", _credit, "add minutes; a negative number takes them")
    credit.add_argument("name", metavar="NAME")
    credit.add_argument("minutes", metavar="MINUTES", type=_minutes)
    for verb, job, text in (
        ("suspend", _suspend, "refuse everything from the next heartbeat on (HTTP 403)"),
        ("resume", _resume, "end a suspension; a host has to authenticate again"),
    ):
        _command(account, verb, job, text).add_argument("name", metavar="NAME")
    limit = _command(account, "limit", _limit, "say how many sessions may run at a time")
    limit.add_argument("name", metavar="NAME")
    limit.add_argument("sessions", metavar="N", type=_natural)
    _command(account, "list", _list, "show all accounts")


def _add_secret(commands: Any) -> None:
    secret = _group(commands, "secret", "add, revoke and list the secrets of an account")
    add = _command(secret, "add", _add_secret_to, "print one more secret, once")
    add.add_argument("name", metavar="NAME")
    revoke = _command(
        secret, "revoke", _revoke, "end a secret and its tokens with their next heartbeat"
    )
    revoke.add_argument("id", metavar="ID", help="the middle of be_ID_..., as secret list shows it")
    listing = _command(secret, "list", _list_secrets, "show an account's secrets by their ids")
    listing.add_argument("name", metavar="NAME")


def _add_avatar(commands: Any) -> None:
    avatar = _group(commands, "avatar", "allow, forbid and list what an account may play")
    for verb, job, text in (
        ("allow", _allow, "let an account play an avatar"),
        ("forbid", _forbid, "refuse it from the next heartbeat on (HTTP 403)"),
    ):
        parser = _command(avatar, verb, job, text)
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("digest", metavar="DIGEST", help="that seal prints, or any")
    listing = _command(avatar, "list", _list_avatars, "show what an account may play")
    listing.add_argument("name", metavar="NAME")


def _group(commands: Any, name: str, text: str) -> Any:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return parser.add_subparsers(metavar="COMMAND", required=True)


def _command(
    commands: Any, name: str, job: Callable[[argparse.Namespace, Engine], None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    parser.set_defaults(job=job)
    parser.add_argument(
        "--database",
        metavar="URL",
        default=os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE,
        help=f"sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; better than here, where "
        f"other users see a password, in {DATABASE_VARIABLE} (default: {DEFAULT_DATABASE})",
    )
    return parser


def _natural(text: str) -> int:
    return _whole(text, 0)


def _positive(text: str) -> int:
    return _whole(text, 1)


def _minutes(text: str) -> int:
    return _whole(text, -MOST)


def _port(text: str) -> int:
    return _whole(text, 0, 65535)


MOST = 10**9


def _whole(text: str, low: int, high: int = MOST) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a whole number: {text!r}") from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be {low} to {high}, not {value}")
    return value


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not (host and colon):
        raise argparse.ArgumentTypeError(f"not an address such as 127.0.0.1:9100: {text!r}")
    return host.strip("[]"), _port(port)


# ---------------------------------------------------------------- jobs


def _serve(arguments: argparse.Namespace, engine: Engine) -> None:
    if arguments.keyfile and not arguments.certfile:
        raise InvalidArgumentError("--keyfile goes with --certfile")
    from bithuman_ctypes.issuer.app import Settings
    from bithuman_ctypes.issuer.server import Listener, serve

    settings = Settings(arguments.token_lifetime, arguments.rate)
    listener = Listener(
        arguments.host,
        arguments.port,
        arguments.certfile,
        arguments.keyfile,
        arguments.behind_proxy,
        arguments.metrics,
    )
    serve(engine, arguments.key_file, settings, listener)


def _add(arguments: argparse.Namespace, engine: Engine) -> None:
    avatars = arguments.avatar or ["any"]
    accounts = _accounts(engine)
    show(accounts.add(arguments.name, arguments.minutes, arguments.sessions, avatars))


def _credit(arguments: argparse.Namespace, engine: Engine) -> None:
    show(str(_accounts(engine).credit(arguments.name, arguments.minutes)))


def _suspend(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).suspend(arguments.name)


def _resume(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).suspend(arguments.name, False)


def _limit(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).limit(arguments.name, arguments.sessions)


def _add_secret_to(arguments: argparse.Namespace, engine: Engine) -> None:
    show(_accounts(engine).add_secret(arguments.name))


def _revoke(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).revoke(arguments.id)


def _allow(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).allow(arguments.name, arguments.digest)


def _forbid(arguments: argparse.Namespace, engine: Engine) -> None:
    _accounts(engine).forbid(arguments.name, arguments.digest)


def _list_avatars(arguments: argparse.Namespace, engine: Engine) -> None:
    _table(("AVATAR",), [(digest,) for digest in _accounts(engine).avatars(arguments.name)])


def _list(arguments: argparse.Namespace, engine: Engine) -> None:
    rows = [
        (a.name, a.balance, f"{a.running}/{a.max_sessions}", a.minutes,
         "suspended" if a.suspended else "good")
        for a in _accounts(engine).accounts()
    ]  # fmt: skip
    _table(("ACCOUNT", "BALANCE", "SESSIONS", "CHARGED", "STATE"), rows)


def _list_secrets(arguments: argparse.Namespace, engine: Engine) -> None:
    rows = [
        (s.id, _when(s.created), "good" if s.revoked is None else f"revoked {_when(s.revoked)}")
        for s in _accounts(engine).secrets(arguments.name)
    ]
    _table(("SECRET", "MADE", "STATE"), rows)


def _audit(arguments: argparse.Namespace, engine: Engine) -> None:
    rows = [
        (_when(e.at), e.actor, e.account or "-", e.action, e.detail)
        for e in _accounts(engine).audit(arguments.name, arguments.lines)
    ]
    _table(("TIME", "BY", "ACCOUNT", "WHAT", "DETAIL"), rows)


def _prune(arguments: argparse.Namespace, engine: Engine) -> None:
    show(str(_accounts(engine).prune(arguments.days)))


def _accounts(engine: Engine) -> Accounts:
    from bithuman_ctypes.issuer.accounts import Accounts

    return Accounts(engine)


def _engine(database: str) -> Engine:
    try:
        from bithuman_ctypes.issuer import server  # noqa: F401  # all that the extra brings
        from bithuman_ctypes.issuer.schema import open_database
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("bithuman_ctypes"):
            raise
        raise NotSupported(
            f"the issuer needs {error.name}: pip install 'bithuman-ctypes[issuer]'"
        ) from None
    return open_database(database)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        show("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def _when(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
