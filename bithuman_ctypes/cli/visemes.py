"""``render --visemes``: where the lips are in every frame, for who draws a face of his own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bithuman_ctypes._media.output import atomic_output, cannot_write
from bithuman_ctypes.types import VISEMES

if TYPE_CHECKING:
    from bithuman_ctypes.types import ComposedFrame, Mouth

FORMAT = 1
PLACES = 4  # of a number; the encoder is not more exact than that


class VisemeTrack:
    """Collects the mouths of frames and writes them as one JSON object, a line for each frame.

    ``{"format": 1, "fps": 25, "visemes": [names], "frames": [{"time": seconds, "viseme": name,
    "openness": ..., ..., "probabilities": [15]}]}``; numbers as in ``Mouth``.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: list[str] = []

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Fails early where the file cannot be written; it appears when all went well."""
        with atomic_output(self._path) as temporary:
            yield
            try:
                with open(temporary, "w", encoding="ascii") as file:
                    file.write(self._text())
            except OSError as error:
                raise cannot_write(self._path, error) from None

    def note(self, frame: ComposedFrame) -> None:
        """Takes one frame."""
        self._lines.append(json.dumps(_entry(frame.frame_idx / 25, frame.mouth)))

    def summary(self) -> str:
        """What was written."""
        return f"{self._path}: {len(self._lines)} frames of {len(VISEMES)} visemes"

    def _text(self) -> str:
        head = {"format": FORMAT, "fps": 25, "visemes": list(VISEMES)}
        return json.dumps(head)[:-1] + ', "frames": [\n' + ",\n".join(self._lines) + "\n]}\n"


def _entry(time: float, mouth: Mouth) -> dict[str, Any]:
    values = mouth._asdict()
    probabilities = values.pop("visemes")
    viseme = VISEMES[values.pop("strongest")]
    rounded = {name: round(value, PLACES) + 0.0 for name, value in values.items()}  # no -0.0
    return {
        "time": round(time, 2),
        "viseme": viseme,
        **rounded,
        "probabilities": [round(value, PLACES) for value in probabilities],
    }
