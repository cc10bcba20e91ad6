"""The ``create`` command: a film or a photo goes in, an avatar comes out, on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bithuman_ctypes.cli.guard import say
from bithuman_ctypes.errors import InvalidArgumentError

if TYPE_CHECKING:
    from bithuman_ctypes.authoring.card import Card
    from bithuman_ctypes.authoring.report import PhotoReport, Report

SUMMARY = "make an avatar from a film or a photo"
DESCRIPTION = """\
Makes an avatar file of a person, on this machine; nothing is sent anywhere.

Best of a film: look into the camera for 10 to 20 seconds, lips closed, then speak for one to three
minutes. Camera steady, light even, the face at least 160 pixels wide, nobody else in the picture.
Or of one photo: face to the camera, lips closed, eyes open, shoulders in the picture."""
EPILOG = """\
examples:
  bithuman-ctypes create --video me.mp4 --output me.imx --preview me.png
  bithuman-ctypes create --video me.mp4 --output me.imx --action nod=12.0-13.4
  bithuman-ctypes create --photo me.jpg --output me.imx --action nod --idle-action look-aside
  essence-render --model me.imx --audio hello.wav --output hello.mp4

Actions of a photo: {gestures}.

An avatar that is there already is replaced once the new one is whole; any other file is not.
Exit status: 0, 2 (wrong options), 64 (a wrong value), 65 (the film or photo does not do; why, and
at which times, is on stderr), 69 (the face tracker is not installed), 73 (cannot write), 130
(Ctrl-C; no half-written file is left).
docs/create.md: how to film, what is refused, what is measured."""
PHOTO_ACTIONS = ("nod", "shake", "tilt", "look-aside", "raise-brows")
"""As in authoring.gestures, which would take long to import."""

ASKED = (
    "An avatar shows a person. Who is it, and did the person agree? One sentence, which is stored "
    "in the file: "
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG.format(gestures=", ".join(PHOTO_ACTIONS))
    add = parser.add_argument
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--video", metavar="FILE", help="a film with sound, 30 s to 5 min")
    given.add_argument("--photo", metavar="FILE", help="a frontal portrait, lips closed")
    add("--output", metavar="FILE.imx", required=True, help="the avatar to write")
    add("--consent", metavar="TEXT", help="who is shown and agreed; asked for where it is missing")
    add("--name", metavar="TEXT", help="for people (default: the output's name)")
    add("--identity", metavar="SLUG", help="for programs (default: made of the name)")
    add("--license", metavar="TEXT", default="All rights reserved", help="(default: %(default)s)")
    add("--description", metavar="TEXT", default="", help="what else there is to say")
    add("--preview", metavar="FILE.png", help="a sheet of frames, mask, mouths and speech")
    add("--report", metavar="FILE.json", help="what was measured, for programs")
    add(
        "--quality",
        metavar="N",
        type=_quality,
        default=90,
        help="of the JPEGs, 50 to 100 (default: 90)",
    )
    add(
        "--longest",
        metavar="PIXELS",
        type=_longest,
        default=1280,
        help="bound of the longer side of the pictures, 256 to 4096 (default: 1280)",
    )
    for option, more in (("--action", ""), ("--idle-action", ", played now and then in silence")):
        add(
            option,
            metavar="NAME[=A-B]",
            type=_action,
            action="append",
            default=[],
            help=f"an action{more}: of a film with its seconds, nod=12.0-13.4; may be repeated",
        )
    film = parser.add_argument_group("of a film")
    film.add_argument("--start", metavar="S", type=_seconds, help="seconds to skip")
    film.add_argument("--end", metavar="S", type=_seconds, help="where to stop, seconds")
    film.add_argument(
        "--mouths", metavar="N", type=_mouths, help="at most, 20 to 500 (default: 160)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Makes the file."""
    from bithuman_ctypes.authoring.imx import require_place, write_bytes
    from bithuman_ctypes.authoring.tracker import require_tracker

    _require_apart(arguments)
    _require_film_for(arguments)
    _require_actions(arguments)
    _require_avatar(arguments.output)
    for path in (arguments.output, arguments.preview, arguments.report):
        if path is not None:
            require_place(path)
    require_tracker()
    card = _card(arguments)
    progress = _Progress()
    made = _from_photo if arguments.video is None else _from_video
    try:
        report = made(arguments, card, progress)
    finally:
        progress.clear()
    for line in report.lines():
        say(line)
    if arguments.report is not None:
        text = json.dumps(report.as_dict(), ensure_ascii=False, indent=1)
        write_bytes(arguments.report, (text + "\n").encode())
    say(f"wrote     {arguments.output}: {report.bytes / 1e6:.1f} MB")


def _require_apart(arguments: argparse.Namespace) -> None:
    """What is written does not take the place of the film, nor of each other."""
    names = ("video", "photo", "output", "preview", "report")
    taken: dict[str, str] = {}
    for name in names:
        path = getattr(arguments, name)
        if path is None:
            continue
        other = taken.setdefault(os.path.realpath(path), name)
        if other != name:
            raise InvalidArgumentError(f"--{other} and --{name} are the same file: {path}")


def _require_avatar(path: str) -> None:
    """A file that is there already may be replaced by an avatar if it is one."""
    from bithuman_ctypes.authoring._imx_container import MAGIC

    if not os.path.isfile(path):  # where it cannot be written, that is told later
        return
    try:
        with open(path, "rb") as file:
            begins = file.read(len(MAGIC))
    except OSError:
        return
    if begins not in (MAGIC, b""):
        raise InvalidArgumentError(f"{path} exists and is no avatar: choose another --output")


def _require_film_for(arguments: argparse.Namespace) -> None:
    """What only a film has cannot be asked of a photo."""
    for option in ("start", "end", "mouths"):
        if arguments.photo is not None and getattr(arguments, option) is not None:
            raise InvalidArgumentError(f"--{option} is for films, and this is a photo")


def _require_actions(arguments: argparse.Namespace) -> None:
    """An action of a film has a beginning and an end, one of a photo has none."""
    seen = set()
    for name, times in [*arguments.action, *arguments.idle_action]:
        if name in seen:
            raise InvalidArgumentError(f"two actions have the name {name!r}")
        seen.add(name)
        if arguments.photo is None and times is None:
            raise InvalidArgumentError(
                f"an action of a film has a beginning and an end, such as {name}=12.0-13.4"
            )
        if arguments.photo is not None and times is not None:
            raise InvalidArgumentError(f"an action of a photo has no times: give {name} alone")


def _from_photo(arguments: argparse.Namespace, card: Card, progress: _Progress) -> PhotoReport:
    from bithuman_ctypes.authoring.photo import create_from_photo

    return create_from_photo(
        arguments.photo,
        arguments.output,
        card,
        longest=arguments.longest,
        actions=[name for name, _ in (*arguments.action, *arguments.idle_action)],
        idle=[name for name, _ in arguments.idle_action],
        quality=arguments.quality,
        preview=arguments.preview,
        progress=progress,
    )


def _from_video(arguments: argparse.Namespace, card: Card, progress: _Progress) -> Report:
    from bithuman_ctypes.authoring.film import MOUTHS, create_from_video

    return create_from_video(
        arguments.video,
        arguments.output,
        card,
        longest=arguments.longest,
        start=arguments.start or 0.0,
        end=arguments.end,
        actions=dict([*arguments.action, *arguments.idle_action]),
        idle=[name for name, _ in arguments.idle_action],
        mouths=arguments.mouths or MOUTHS,
        quality=arguments.quality,
        preview=arguments.preview,
        progress=progress,
    )


def _card(arguments: argparse.Namespace) -> Card:
    from bithuman_ctypes.authoring.card import Card

    consent = arguments.consent
    if consent is None:
        consent = _asked()
    kind = "photo" if arguments.video is None else "film"
    return Card(
        name=arguments.name or Path(arguments.output).stem,
        consent=consent,
        identity=arguments.identity,
        license=arguments.license,
        description=arguments.description,
        source=f"a {kind}",
    )


def _asked() -> str:
    """Asks on the terminal. Without one there is nobody to ask."""
    if not sys.stdin or not sys.stdin.isatty():
        raise InvalidArgumentError(
            "who is shown, and did the person agree? --consent 'I am Ada Lovelace, this is my own "
            "face' says it where nobody can be asked"
        )
    sys.stderr.write(ASKED)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


class _Progress:
    """Stages with the time that the one under way will still take: one line that is written over
    on a terminal, a line for each stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._since = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._wide = 0

    def __call__(self, stage: str, done: float) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since = stage, now
            if not self._terminal:
                say(f"... {stage}")
        if self._terminal:
            spent = now - self._since
            left = f", {spent / done - spent:.0f} s left" if 0.03 < done < 1 else ""
            self._write(f"{stage} {done:.0%}{left}")

    def clear(self) -> None:
        """Takes the line away."""
        if self._terminal:
            self._write("")
            self._write("")  # and the cursor is where the line begins

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write("\r" + text.ljust(self._wide))
            sys.stderr.flush()
        except OSError:
            self._terminal = False
        self._wide = len(text)


# ------------------------------------------------------------------ option values


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a number: {text!r}") from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be {low:g} to {high:g}, not {text}")
    return value


def _quality(text: str) -> int:
    return int(_number(text, 50, 100))


def _longest(text: str) -> int:
    return int(_number(text, 256, 4096))


def _mouths(text: str) -> int:
    return int(_number(text, 20, 500))


def _seconds(text: str) -> float:
    return _number(text, 0, 86400)


def _action(text: str) -> tuple[str, tuple[float, float] | None]:
    name, equals, times = text.partition("=")
    begin, dash, end = times.partition("-")
    if not name or bool(equals) != bool(dash):
        raise argparse.ArgumentTypeError(f"not NAME, nor NAME=A-B such as nod=12.0-13.4: {text!r}")
    if not equals:
        return name, None
    span = (_seconds(begin), _seconds(end))
    if span[0] >= span[1]:
        raise argparse.ArgumentTypeError(f"an action ends after it begins: {text!r}")
    return name, span
