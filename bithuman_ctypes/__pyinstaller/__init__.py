"""Tells PyInstaller where our hook lies (entry point ``pyinstaller40``)."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    return [str(Path(__file__).parent)]
