"""The files that come with the package."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).resolve().parent / "assets"


def bundled(name: str) -> Path:
    """A file that comes with the package: "default.imx" (an avatar) or "speech.wav"."""
    return ASSETS / name
