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
HEIF = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
BEHIND = (255, 255, 255)  # what is seen through a transparent photo


def opened(path: str | os.PathLike[str]) -> Picture:
    """RGB (h, w, 3), turned as the file says. Raises MaterialError where it is no picture."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise NotSupported("reading photos needs Pillow: pip install pillow") from None
    try:
        with warnings.catch_warnings():
            # From half of the size on at which it refuses.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return _rgb(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise _unreadable(path, _kind(path)) from None
    except Image.DecompressionBombError:
        raise _unreadable(path, "it has more than 178 million pixels: scale it down") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or error) from None


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
        if begins[8:] in HEIF:
            return "it is a HEIC picture: save it as JPEG or PNG"
        return "it is a film, which goes with --video"
    return "it is no picture: JPEG, PNG, WebP or TIFF will do"


def _unreadable(path: str | os.PathLike[str], words: object) -> MaterialError:
    return MaterialError([Reason("unreadable", f"cannot read {os.fspath(path)}: {words}")])
