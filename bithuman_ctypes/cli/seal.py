"""The ``seal`` command: signatures, and what an avatar asks of those who play it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bithuman_ctypes.cli.guard import say
from bithuman_ctypes.cli.imx_file import reading
from bithuman_ctypes.cli.show import show
from bithuman_ctypes.errors import InvalidArgumentError, OutputError

if TYPE_CHECKING:
    from bithuman_ctypes.authoring.seal import Sealed, SigningKey

SUMMARY = "sign an avatar file, and have it ask its issuer for permission"
DESCRIPTION = """\
Signs an avatar file with a studio's private key. With --issuer it becomes a metered avatar, whose
frames need that issuer's permission; with --open it stays open. Hosts that trust the public half
of the key (BITHUMAN_TRUSTED_KEYS=studio.pub) see any later change.

  bithuman-ctypes seal --new-key studio.pem                once: the key, and studio.pub for hosts
  bithuman-ctypes seal ada.imx --issuer studio.example --key studio.pem --output ada-metered.imx

Prints the avatar's digest, by which its issuer knows it (docs/imx.md, SIGN; docs/auth.md).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("avatar", nargs="?", metavar="FILE.imx", help="the avatar")
    parser.add_argument("--output", metavar="FILE.imx", help="the file to write")
    parser.add_argument("--key", metavar="KEY.pem", help="the studio's private key (Ed25519)")
    parser.add_argument(
        "--new-key", metavar="KEY.pem", help="make a private key, and KEY.pub beside it, and stop"
    )
    asks = parser.add_mutually_exclusive_group()
    asks.add_argument("--issuer", metavar="NAME", help="whose permission the frames need")
    asks.add_argument("--open", action="store_true", help="nobody's: the avatar is signed only")
    parser.add_argument(
        "--unmetered-allowed",
        action="store_true",
        help="BITHUMAN_UNMETERED=1 may play it without permission, for development",
    )
    parser.add_argument(
        "--insecure-allowed",
        action="store_true",
        help="the issuer may be asked without verified TLS",
    )


def run(arguments: argparse.Namespace) -> None:
    """Makes a key, or writes the sealed file."""
    from bithuman_ctypes.authoring.keys import SigningKey

    if arguments.new_key is not None:
        _refuse_others(arguments)
        _make_key(arguments.new_key)
        return
    for name, given in (
        ("the avatar", arguments.avatar),
        ("--issuer NAME (or --open)", arguments.issuer is not None or arguments.open),
        ("--key KEY.pem", arguments.key),
        ("--output FILE.imx", arguments.output),
    ):
        if not given:
            raise InvalidArgumentError(f"{name} is missing")
    key = SigningKey.read(arguments.key)
    sealed = _seal(arguments, key)
    asks = f"metered by {arguments.issuer}" if arguments.issuer else "open"
    say(f"wrote    {arguments.output}: {asks}, signed by the key {key.id}")
    show(sealed.digest)


def _refuse_others(arguments: argparse.Namespace) -> None:
    others = ("avatar", "output", "key", "issuer", "open", "unmetered_allowed", "insecure_allowed")
    if any(getattr(arguments, name) for name in others):
        raise InvalidArgumentError("--new-key makes a key and nothing else: give it alone")


def _make_key(path: str) -> None:
    from bithuman_ctypes.authoring.keys import SigningKey

    key = SigningKey.new()
    try:
        public = key.write(path)
    except OSError as error:
        raise OutputError(f"cannot write the key {path}: {error.strerror or error}") from None
    say(f"wrote    {path}: a private key, for nobody but you")
    say(f"wrote    {public}: its public half, for those who play your avatars")
    show(key.id)


def _seal(arguments: argparse.Namespace, key: SigningKey) -> Sealed:
    from bithuman_ctypes.authoring import imx
    from bithuman_ctypes.authoring.seal import seal

    with reading(arguments.avatar):
        data = imx.read_bytes(arguments.avatar)
        imx.from_bytes(data)
    try:
        sealed = seal(
            data,
            key,
            issuer=arguments.issuer,
            unmetered=arguments.unmetered_allowed,
            insecure=arguments.insecure_allowed,
        )
    except imx.ImxError as error:
        raise InvalidArgumentError(str(error)) from None
    imx.write_bytes(arguments.output, sealed.data)
    return sealed
