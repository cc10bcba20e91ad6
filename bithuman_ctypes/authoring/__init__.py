"""Making avatars: everything here is for authors and is never imported to play one.

    from bithuman_ctypes.authoring import Card, create_from_video

    card = Card("Ada", consent="I am Ada Lovelace, this is my own face")
    report = create_from_video("me.mp4", "me.imx", card)
    print("\\n".join(report.lines()))

``imx`` reads and writes avatar files (numpy, and Pillow where a picture is encoded); making one
from a film or a photo needs the extra ``[authoring]``. Importing this package does no work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bithuman_ctypes.authoring.card import Card
    from bithuman_ctypes.authoring.film import create_from_video
    from bithuman_ctypes.authoring.material import MaterialError, Reason
    from bithuman_ctypes.authoring.photo import create_from_photo
    from bithuman_ctypes.authoring.report import PhotoReport, Report

__all__ = [
    "Card",
    "MaterialError",
    "PhotoReport",
    "Reason",
    "Report",
    "create_from_photo",
    "create_from_video",
]

_HOMES = {
    "Card": "card",
    "MaterialError": "material",
    "PhotoReport": "report",
    "Reason": "material",
    "Report": "report",
    "create_from_photo": "photo",
    "create_from_video": "film",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
