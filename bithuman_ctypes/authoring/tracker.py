"""Where a face is: mediapipe's FaceMesh, 478 points, on this machine and without a network."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np

from bithuman_ctypes.authoring._types import Floats, Picture
from bithuman_ctypes.errors import NotSupported

VERSION = "0.10.21"  # the last one whose wheel holds FaceMesh's weights
LAST_PYTHON = (3, 12)
POINTS = 478
COUNT_EVERY = 5  # frames between two looks for other faces: finding takes longer than following


def require_tracker() -> None:
    """Raises NotSupported, which says what to do, where the tracker is not installed."""
    try:
        with _quiet():
            import mediapipe
    except ModuleNotFoundError as error:
        if error.name != "mediapipe":
            raise NotSupported(_broken(error)) from None
        raise NotSupported(advice(*_here())) from None
    except ImportError as error:
        raise NotSupported(_broken(error)) from None
    if not hasattr(mediapipe, "solutions"):  # later wheels lack FaceMesh's weights
        raise NotSupported(
            f"mediapipe {mediapipe.__version__} is installed, which cannot track a face by itself, "
            f"and {advice(*_here())}"
        )


def _here() -> tuple[tuple[int, int], str, str]:
    return sys.version_info[:2], sys.platform, platform.machine()


def _broken(error: ImportError) -> str:
    hint = ""
    if ".so" in str(error):
        hint = " (Debian and Ubuntu: apt-get install libgl1 libglib2.0-0)"
    return f"the face tracker (mediapipe) is installed, but cannot be loaded: {error}{hint}"


def advice(version: tuple[int, int], system: str = "linux", machine: str = "x86_64") -> str:
    """What to do where the tracker is not there. ``system`` and ``machine``: as Python has them."""
    if system == "linux" and machine != "x86_64":
        return (
            f"the face tracker (mediapipe {VERSION}) has no package for Linux on {machine}: make "
            "the avatar on another machine; the file plays on every one"
        )
    if version <= LAST_PYTHON:
        return (
            f"the face tracker (mediapipe {VERSION}) is not installed: "
            "pip install 'bithuman-ctypes[authoring]'"
        )
    here, last = ".".join(map(str, version)), ".".join(map(str, LAST_PYTHON))
    return (
        f"the face tracker (mediapipe {VERSION}) has no package for Python {here}; make the avatar "
        f"in an environment of its own: python{last} -m venv making && making/bin/pip install "
        "'bithuman-ctypes[authoring]' && making/bin/bithuman-ctypes create ... ; the file plays "
        "with every Python"
    )


class Tracker:
    """Follows one face from frame to frame and now and then counts the faces. A context manager.

    ``still``: the pictures have nothing to do with each other.
    """

    def __init__(self, still: bool = False) -> None:
        require_tracker()
        with _quiet():
            import mediapipe

            face_detection = mediapipe.solutions.face_detection
            face_mesh = mediapipe.solutions.face_mesh

            self._mesh: Any = face_mesh.FaceMesh(
                static_image_mode=still,
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=0.5,
                min_tracking_confidence=0.5,
            )
            self._finder: Any = face_detection.FaceDetection(
                model_selection=1, min_detection_confidence=0.6
            )
            blank = np.zeros((64, 64, 3), np.uint8)
            self._mesh.process(blank)  # which returns when all of it is loaded
            self._finder.process(blank)
        self._warm = False  # the first face makes the libraries talk, too
        self._count = 0
        self._faces = 0

    def points(self, picture: Picture) -> Floats | None:
        """(478, 3) in pixels, depth at the same scale, nearer is less; None without a face."""
        with contextlib.nullcontext() if self._warm else _quiet():
            found = self._mesh.process(picture).multi_face_landmarks
        if not found:
            return None
        self._warm = True
        height, width = picture.shape[:2]
        rows = [(point.x, point.y, point.z) for point in found[0].landmark]
        return np.asarray(np.array(rows, np.float32) * np.array([width, height, width], np.float32))

    def faces(self, picture: Picture) -> int:
        """How many faces there are, counted in every fifth picture."""
        if self._count % COUNT_EVERY == 0:
            self._faces = len(self._finder.process(picture).detections or ())
        self._count += 1
        return self._faces

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mesh.close()
        self._finder.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what mediapipe's libraries write to descriptor 2 while they load to themselves."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
