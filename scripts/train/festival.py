"""Speech from Festival, with the phone times that `utt.save.segs` writes.

The recorded-diphone voices kal and ked carry two human speakers, the statistical voice slt a third.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import audio, phones
from .utterance import Reading, Utterance, from_ends

VOICES = {
    "kal": "voice_kal_diphone",
    "ked": "voice_ked_diphone",
    "slt": "voice_cmu_us_slt_arctic_hts",
    "lp": "voice_lp_diphone",
    "pc": "voice_pc_diphone",
}
"""Short names of the voices that are used here and the Scheme functions that select them."""

ITALIANS = frozenset({"lp", "pc"})
TIMEOUT_S = 900
PITCH_SPREAD = 0.13
"""Standard deviation of the pitch over its mean. slt has its own pitch and ignores both."""


def quote(text: str) -> str:
    """Write `text` as a Scheme string."""
    return '"' + text.replace("\\", " ").replace('"', " ") + '"'


def script(voice: str, readings: Sequence[Reading], folder: Path) -> str:
    """Scheme that says each reading into `folder`/N.wav and N.lab."""
    lines = [f"({VOICES[voice]})"]
    for number, reading in enumerate(readings):
        stem = folder / str(number)
        spread = reading.pitch * PITCH_SPREAD
        lines += [
            f"(Parameter.set 'Duration_Stretch {reading.stretch:.3f})",
            f"(set! int_lr_params '((target_f0_mean {reading.pitch:.0f})"
            f" (target_f0_std {spread:.0f}) (model_f0_mean 170) (model_f0_std 34)))",
            f"(set! u (utt.synth (Utterance Text {quote(reading.text)})))",
            f'(utt.save.wave u "{stem}.wav" \'riff)',
            f'(utt.save.segs u "{stem}.lab")',
        ]
    return "\n".join(lines) + "\n"


def run(voice: str, readings: Sequence[Reading], folder: Path) -> None:
    """Say `readings` with one Festival process; a failing sentence ends its batch."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "say.scm"
    program.write_text(script(voice, readings, folder), encoding="utf-8")
    subprocess.run(
        ["festival", "-b", str(program)], check=False, capture_output=True, timeout=TIMEOUT_S
    )


def read_labels(path: Path) -> list[tuple[float, str]]:
    """Rows (end time in s, phone name of the voice) of an Xlabel file."""
    rows = path.read_text(encoding="utf-8", errors="replace").split("#\n", 1)[-1].splitlines()
    fields = [row.split() for row in rows]
    return [(float(row[0]), row[2]) for row in fields if len(row) >= 3]


def synthesise(voice: str, readings: Sequence[Reading], folder: Path) -> Iterator[Utterance]:
    """Yield one utterance per reading that Festival could say."""
    run(voice, readings, folder)
    table = phones.ITALIAN if voice in ITALIANS else phones.FESTIVAL
    for number in range(len(readings)):
        sound, labels = folder / f"{number}.wav", folder / f"{number}.lab"
        if not (sound.exists() and labels.exists()):
            continue
        signal = audio.read(sound)
        ends = phones.translate(read_labels(labels), table)
        if table is phones.FESTIVAL:
            ends = phones.front_american_u(ends)
        sound.unlink()
        labels.unlink()
        name = f"festival-{voice}-{number:04d}"
        segments = from_ends(ends, len(signal) / audio.SAMPLE_RATE)
        yield Utterance(name, f"festival-{voice}", signal, segments)
