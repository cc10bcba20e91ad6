"""Command line of the training: ``python -m scripts.train [STAGE ...]`` in the repository root."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import needs

LOG = logging.getLogger("scripts.train")

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "c_core" / "models" / "encoder.onnx"
DEMO = ROOT / "bithuman_ctypes" / "assets" / "speech.wav"

EPOCHS = 12.0
COPIES = 2.0
QUICK_EPOCHS = 20.0
QUICK_COPIES = 1.0


def speak(options: argparse.Namespace) -> None:
    """Make the corpus of speech with phone times, and music."""
    from . import music, speech

    music.make(options.out, options.seed, options.quick)
    speech.make(options.out, options.seed, options.quick)


def features(options: argparse.Namespace) -> None:
    """Compose noisy streams and compute log-mels and targets."""
    from . import music, speech, streams

    copies = QUICK_COPIES if options.quick else COPIES
    spoken, played = speech.training(options.out), music.load(options.out)
    streams.cache(options.out, spoken, played, copies, options.seed)


def train(options: argparse.Namespace) -> None:
    """Train the network."""
    from . import train as training

    epochs = QUICK_EPOCHS if options.quick else EPOCHS
    training.train(options.out, options.seed, options.epochs or epochs, options.without)


def export(options: argparse.Namespace) -> None:
    """Write the ONNX file and compare it with the network."""
    from . import export as exporting
    from . import train as training

    encoder = training.load(options.out)
    size = exporting.write(encoder, options.model)
    difference = exporting.check(encoder, options.model)
    LOG.info("export: %s, %d bytes, differs by %.1e", options.model, size, difference)


def evaluate(options: argparse.Namespace) -> None:
    """Score network, loudness and Rhubarb on held-out speech."""
    from . import evaluate as evaluation

    evaluation.evaluate(options.out, options.model, options.dev_eval, options.rhubarb)
    LOG.info("evaluate: %s", options.out / "report.md")


def demo(options: argparse.Namespace) -> None:
    """Make the bundled demonstration speech."""
    from . import demo_speech

    LOG.info("demo: %s, %.1f s", DEMO, demo_speech.make(DEMO))


STAGES: dict[str, Callable[[argparse.Namespace], None]] = {
    "speech": speak,
    "features": features,
    "train": train,
    "export": export,
    "evaluate": evaluate,
    "demo": demo,
}
DEFAULT = ("speech", "features", "train", "export", "evaluate")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    stages = "; ".join(f"{name}: {stage.__doc__}" for name, stage in STAGES.items())
    parser = argparse.ArgumentParser(
        prog="python -m scripts.train", description=__doc__, epilog=stages
    )
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="default: all but demo")
    parser.add_argument(
        "--out", type=Path, required=True, help="working folder, outside the repository"
    )
    parser.add_argument(
        "--model", type=Path, default=None, help="ONNX file (default: OUT/encoder.onnx)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=float, default=None, help=f"default: {EPOCHS:g}")
    parser.add_argument(
        "--without", action="append", default=[], help="a voice to leave out, to try things on it"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the speech, minutes of training"
    )
    parser.add_argument(
        "--dev-eval", type=Path, help="folder with json/ID.json labels of the Russian set"
    )
    parser.add_argument(
        "--rhubarb", type=Path, help="compare with Rhubarb, its npm package below this folder"
    )
    parser.add_argument("--ship", action="store_true", help=f"write to {MODEL.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    unknown = [stage for stage in options.stages if stage not in STAGES]
    if unknown:
        parser.error(f"unknown stage {unknown[0]!r}, choose from {', '.join(STAGES)}")
    options.model = MODEL if options.ship else options.model or options.out / "encoder.onnx"
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen stages; returns the exit status."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    advice = needs.advice()
    if advice:
        print(f"something is missing, install it with:\n{advice}", file=sys.stderr)
        return 69
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.stages or DEFAULT:
        began = time.monotonic()
        STAGES[name](options)
        LOG.info("%s: %.0f s", name, time.monotonic() - began)
    return 0


if __name__ == "__main__":
    sys.exit(main())
