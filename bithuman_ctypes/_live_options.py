"""What a live avatar was asked for, put into the engine's terms."""

from __future__ import annotations

import logging
import operator
import os
import random
import re
from dataclasses import dataclass
from typing import Any, Union

from bithuman_ctypes._lowlevel import Fixture, StreamOptions
from bithuman_ctypes._lowlevel.arrays import MAX_SIDE, picture_size
from bithuman_ctypes._lowlevel.fixture import MAX_THREADS
from bithuman_ctypes._lowlevel.options import LOOKAHEADS
from bithuman_ctypes._once import warn_once
from bithuman_ctypes._session import Session
from bithuman_ctypes.auth import Credentials, authorise
from bithuman_ctypes.errors import InvalidArgumentError, WrongTypeError
from bithuman_ctypes.settings import Settings
from bithuman_ctypes.types import EP, PixelFormat

OutputSize = Union[int, str, tuple[int, int]]

QUALITIES = {"low": 40, "medium": 80, "high": 120}
"""Quality: sound known beyond a frame, in ms. More is smoother and later."""

BYTES_PER_MS = 32
"""Of 16 kHz mono 16-bit sound."""

MIN_QUEUE_MS, MAX_QUEUE_MS = 1000, 7_200_000
MAX_AUTOMATIC_THREADS = 4
MIN_LONGEST = 16
"""Of ``output_size`` as one number, pixels, as of OUTPUT_WIDTH."""


@dataclass
class LiveOptions:
    """The arguments of ``AsyncBithuman.create`` that concern the engine."""

    input_buffer_size: int = 0
    output_buffer_size: int = 5
    num_threads: int = 0
    verbose: bool | None = None
    batch_workers: int = 1
    quality: str = "medium"
    output_size: OutputSize | None = None
    pixel_format: str | int = "bgr24"
    lookahead_ms: int | None = None
    seed: int | None = None

    def check(self) -> None:
        """Raises InvalidArgumentError and WrongTypeError, and warns of what has no effect."""
        for name in ("input_buffer_size", "output_buffer_size", "num_threads", "batch_workers"):
            _require_integer(name, getattr(self, name))
        if self.input_buffer_size < 0:
            raise InvalidArgumentError(
                f"input_buffer_size is 0 or a number of bytes, not {self.input_buffer_size}"
            )
        if self.output_buffer_size < 0:
            raise InvalidArgumentError(
                f"output_buffer_size is 0 or a number of frames, not {self.output_buffer_size}"
            )
        if self.num_threads > MAX_THREADS:
            raise InvalidArgumentError(
                f"num_threads is at most {MAX_THREADS}, not {self.num_threads}"
            )
        if self.quality not in tuple(QUALITIES):
            names = ", ".join(QUALITIES)
            raise InvalidArgumentError(f"quality is one of {names}, not {self.quality!r}")
        self._check_lookahead()
        if self.seed is not None:
            _require_integer("seed", self.seed)
        if self.output_size is not None:
            _checked_size(self.output_size)
        if self.batch_workers != 1:
            warn_once(
                "batch_workers has no effect: a frame is made when it is due, on one of the "
                "threads that all sessions share (BITHUMAN_WAITER_THREADS)"
            )
        PixelFormat.named(self.pixel_format)
        if self.verbose is not None:
            _set_verbosity(self.verbose)

    def _check_lookahead(self) -> None:
        if self.lookahead_ms is None:
            return
        _require_integer("lookahead_ms", self.lookahead_ms)
        if self.lookahead_ms not in (0, *LOOKAHEADS):
            known = ", ".join(map(str, LOOKAHEADS))
            raise InvalidArgumentError(f"lookahead_ms is one of {known}, not {self.lookahead_ms}")

    def queue_ms(self) -> int:
        """How much sound may wait; 0 is the engine's default."""
        if self.input_buffer_size == 0:
            return 0
        milliseconds = self.input_buffer_size // BYTES_PER_MS
        if milliseconds < MIN_QUEUE_MS:
            warn_once(
                f"input_buffer_size={self.input_buffer_size} has no effect: it counts bytes of 16 "
                "kHz 16-bit sound, 32000 a second; less than a second would refuse whole sentences"
            )
            return 0
        return min(milliseconds, MAX_QUEUE_MS)

    def threads(self) -> int:
        """Threads of the encoder."""
        if self.num_threads < 0:
            return max(1, min(MAX_AUTOMATIC_THREADS, os.cpu_count() or 1))
        return max(1, self.num_threads)


def open_session(
    path: str, options: LiveOptions, settings: Settings, credentials: Credentials | None = None
) -> Session:
    """Loads an avatar, with the right to it where it asks for one, and opens a live stream on it.
    Takes as long as that takes."""
    storage = {"NONE": "memory", "JPEG": "jpeg", "TEMP_FILE": "temp_file"}
    preload = settings.PRELOAD_TO_MEMORY
    fixture = Fixture(
        path,
        EP.CPU,
        options.threads(),
        loading="sync" if preload else settings.LOADING_MODE.lower(),
        storage="memory" if preload else storage[settings.COMPRESS_METHOD],
        store_mb=settings.STORE_MB,
    )
    try:
        authorise(fixture, credentials or Credentials())
        native = (fixture.frame_width, fixture.frame_height)
        size = fitted_size(native, options.output_size, settings.OUTPUT_WIDTH)
        stream = StreamOptions(
            realtime=True,
            pixel_format=PixelFormat.named(options.pixel_format),
            size=None if size == native else size,
            lookahead_ms=options.lookahead_ms or QUALITIES[options.quality],
            max_queued_ms=options.queue_ms(),
            idle_pictures=settings.PROCESS_IDLE_VIDEO,
        )
        session = Session(
            fixture,
            stream,
            rng=random.Random(options.seed),
            idle_actions=settings.LIVA_IDLE_VIDEO_ENABLED,
            greet=settings.LIVA_AUTO_SAY_HI,
        )
    except BaseException:
        fixture.close()
        raise
    try:
        # The first picture takes longer than all others. It is better made here than on the clock.
        session.first_picture()
    except BaseException:
        session.stop()
        raise
    return session


def fitted_size(native: tuple[int, int], asked: OutputSize | None, longest: int) -> tuple[int, int]:
    """(width, height) of the frames.

    ``asked``: (width, height) or "1280x720", into which the avatar is fitted, or the length of the
    longest side. Without it ``longest`` holds, and only for avatars that are larger.
    """
    if asked is None:
        if max(native) <= longest:
            return native
        asked = longest
    checked = _checked_size(asked)
    if isinstance(checked, tuple):
        return checked
    width, height = (max(2, round(length * checked / max(native) / 2) * 2) for length in native)
    return picture_size((width, height))


def _checked_size(asked: OutputSize) -> int | tuple[int, int]:
    """The longest side, or (width, height). Raises InvalidArgumentError and WrongTypeError."""
    size: Any = asked
    if isinstance(asked, str):
        match = re.fullmatch(r"(\d+)\s*[xX*]\s*(\d+)", asked.strip())
        if match is None:
            raise InvalidArgumentError(f"output_size is WIDTHxHEIGHT, not {asked!r}")
        size = (int(match[1]), int(match[2]))
    try:
        side = operator.index(size)
    except TypeError:  # not a number, so it is two
        pass
    else:
        if not MIN_LONGEST <= side <= MAX_SIDE:
            raise InvalidArgumentError(
                f"output_size as one side is {MIN_LONGEST} to {MAX_SIDE} pixels, not {side}"
            )
        return side
    try:
        return picture_size(size)
    except TypeError:
        raise WrongTypeError(
            f"output_size is (width, height) or the longest side in pixels, not {asked!r}"
        ) from None
    except ValueError as error:
        raise InvalidArgumentError(f"output_size: {error}") from None


def _require_integer(name: str, value: Any) -> None:
    try:
        operator.index(value)
    except TypeError:
        raise WrongTypeError(
            f"{name} is a whole number, not {type(value).__name__} {value!r}"
        ) from None


def _set_verbosity(verbose: bool) -> None:
    log = logging.getLogger("bithuman_ctypes")
    log.setLevel(logging.DEBUG if verbose else logging.WARNING)
    if verbose and not log.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        log.addHandler(handler)
