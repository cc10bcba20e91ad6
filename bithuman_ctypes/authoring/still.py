"""A photo's file, whatever it holds, as an upright picture in the colours of a screen."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np

from bithuman_ctypes.authoring._types import Picture
from bithuman_ctypes.authoring.material import MaterialError, Reason
from bithuman_ctypes.errors import NotSupported

DEEP = ("I", "F")  # begins of the modes of grey pictures with more than 8 bits
BRANDS = {  # of pictures in the container that films have
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), "a HEIC"),
    **dict.fromkeys((b"mif1", b"msf1"), "a HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "an AVIF"),
    b"crx ": "a raw",
}
ORIENTATION = 0x0112
"""EXIF's number of it."""
TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What makes a picture of an orientation upright, as Pillow calls it."""
BEHIND = (255, 255, 255)  # what is seen through a transparent photo


def opened(path: str | os.PathLike[str]) -> Picture:
    """RGB (h, w, 3), turned as the file says. Raises MaterialError where it is no picture."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise NotSupported("reading photos needs Pillow: pip install pillow") from None
    try:
        with warnings.catch_warnings():
            # About damaged EXIF, and from half of the size on at which it refuses.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return _rgb(_upright(image))
    except UnidentifiedImageError:
        raise _unreadable(path, _kind(path)) from None
    except Image.DecompressionBombError:
        raise _unreadable(path, "it has more than 178 million pixels: scale it down") from None
    except Exception as error:  # damaged files lead decoders to errors of every kind
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _unreadable(path, words) from None


def _upright(image: Any) -> Any:
    """Turned as EXIF says. Pillow's own way writes the EXIF anew, and fails where it is damaged."""
    from PIL import Image

    turn = TURNS.get(image.getexif().get(ORIENTATION))
    return image.transpose(getattr(Image, turn)) if turn else image


def _rgb(image: Any) -> Picture:
    from PIL import Image

    if image.mode.startswith(DEEP):
        grey = np.asarray(image, np.float64)
        top = 65535.0 if grey.max() > 255 else 255.0
        image = Image.fromarray(np.asarray(np.rint(grey.clip(0, top) * (255 / top)), np.uint8))
    image = _of_a_screen(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        behind = Image.new("RGBA", image.size, BEHIND)
        image = Image.alpha_composite(behind, image)
    return np.asarray(image.convert("RGB"))


def _of_a_screen(image: Any) -> Any:
    """With the colours that a screen shows it in: phones write a larger range, printers CMYK."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        screen = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, own, screen, outputMode=mode)
    except (ImportError, OSError, ImageCms.PyCMSError):
        return image  # a broken profile is as good as none


def _kind(path: str | os.PathLike[str]) -> str:
    """What a file is that Pillow does not know."""
    with open(path, "rb") as file:
        begins = file.read(12)
    if not begins:
        return "it is empty"
    if begins[4:8] == b"ftyp":
        if begins[8:] in BRANDS:
            return f"it is {BRANDS[begins[8:]]} picture: save it as JPEG or PNG"
        return "it is a film, which goes with --video"
    return "it is no picture: JPEG, PNG, WebP or TIFF will do"


def _unreadable(path: str | os.PathLike[str], words: object) -> MaterialError:
    return MaterialError([Reason("unreadable", f"cannot read {os.fspath(path)}: {words}")])
