"""The whole report on the lips of the installed engine: ``python -m scripts.lips --speech DIR``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bithuman_ctypes._assets import bundled
from bithuman_ctypes._lowlevel.options import LOOKAHEADS
from scripts.train import evaluate
from scripts.train.clips import Clip

from . import judges, motion, pictures, robust, selection, voices
from .shown import Shown, Stage

LOG = logging.getLogger("scripts.lips")

ENGLISH = ("test-rms",)
PICTURE_CLIPS = 8


class Report:
    """Everything that the sections share."""

    def __init__(self, options: argparse.Namespace, facemesh: judges.FaceMesh | None) -> None:
        self.options = options
        self.stage = Stage(options.avatar, options.lookahead)
        self.inside = judges.Inside(self.stage.avatar)
        self.facemesh = facemesh
        self.sets = evaluate.sets(options.speech, options.dev_eval)
        self.shown: dict[str, list[Shown]] = {}

    @property
    def clips(self) -> list[Clip]:
        """The sentences of all sets."""
        return [clip for clips in self.sets.values() for clip in clips]

    @property
    def frames(self) -> list[Shown]:
        """What was shown for them."""
        for name, clips in self.sets.items():
            if name not in self.shown:
                LOG.info("playing %s", name)
                looks = self.facemesh if name in self.options.look_at else None
                self.shown[name] = voices.play(self.stage, looks, clips)
                if looks is not None:
                    looks.save()
        return [frames for shown in self.shown.values() for frames in shown]

    @property
    def english(self) -> list[Clip]:
        """The English voice that was never heard."""
        return [clip for name in ENGLISH for clip in self.sets[name]]

    def voices(self) -> str:
        """Held-out speech"""
        options = self.options
        results, tables = [], []
        assert self.frames
        for name, clips in self.sets.items():
            rhubarb = options.rhubarb and (options.rhubarb, options.work / "rhubarb" / name)
            shown = self.shown[name]
            results.append(voices.systems(self.stage, self.inside, clips, shown, rhubarb))
            tables.append(voices.table(name, results[-1]))
        return "\n\n".join([*tables, voices.table("all", voices.joined(results))])

    def lookahead(self) -> str:
        """Lookahead"""
        return selection.table(self.options.avatar, self.clips, LOOKAHEADS)

    def motion(self) -> str:
        """Motion"""
        table = motion.trembling(self.stage, self.inside, self.clips, self.frames)
        ends = motion.endings(self.clips, self.frames)
        rests = motion.pauses(self.stage, self.inside, self.clips, self.frames)
        return f"{table}\n\n{ends}\n\n{rests}\n\n{motion.drift(self.stage, self.english)}"

    def pictures(self) -> str:
        """Edges"""
        return pictures.report(self.stage, self.english[:PICTURE_CLIPS])

    def conditions(self) -> str:
        """Bad conditions"""
        names = [name for name in self.sets if name not in ENGLISH]
        others = [clip.signal for name in names for clip in self.sets[name]]
        return robust.under_conditions(self.stage, self.inside, self.english, others)

    def languages(self) -> str:
        """Languages"""
        return robust.in_languages(self.stage, self.inside)

    def music(self) -> str:
        """Music without words"""
        if self.options.music is None:
            return "Not measured: no --music."
        return robust.with_music(self.stage, self.options.music)


SECTIONS = ("voices", "lookahead", "motion", "pictures", "conditions", "languages", "music")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lips", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument(
        "--speech",
        type=Path,
        required=True,
        help="the --out of a training, with its held-out speech",
    )
    parser.add_argument("--work", type=Path, help="keeps answers (default: SPEECH/lips)")
    parser.add_argument("--dev-eval", type=Path, help="as for python -m scripts.train")
    parser.add_argument("--rhubarb", type=Path, help="folder of Rhubarb's npm package")
    parser.add_argument("--facemesh", type=Path, help="a Python that has mediapipe 0.10.21")
    parser.add_argument(
        "--look-at", nargs="+", default=ENGLISH, metavar="SET", help="what FaceMesh looks at"
    )
    parser.add_argument("--music", type=Path, help="folder with music without words")
    parser.add_argument("--avatar", type=Path, default=bundled("default.imx"), help=".imx file")
    parser.add_argument("--lookahead", type=int, default=80, choices=LOOKAHEADS, metavar="MS")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"unknown section {unknown[0]!r}, choose from {', '.join(SECTIONS)}")
    options.work = options.work or options.speech / "lips"
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report as Markdown; returns the exit status."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    options.work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            facemesh = None
            if options.facemesh is not None:
                rect = judges.face_rect(Stage(options.avatar, options.lookahead).avatar)
                kept = options.work / "facemesh.json"
                facemesh = stack.enter_context(judges.FaceMesh(options.facemesh, rect, kept))
            report = Report(options, facemesh)
            for name in options.sections or SECTIONS:
                section: Callable[[], str] = getattr(report, name)
                LOG.info("%s", name)
                print(f"\n## {section.__doc__}\n\n{section()}", flush=True)
        except (OSError, ValueError) as error:
            print(f"lips: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
