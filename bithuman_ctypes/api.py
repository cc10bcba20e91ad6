"""What goes into a live avatar and what comes out of it."""

from __future__ import annotations

import operator
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from bithuman_ctypes.actions import Emotion, EmotionPrediction, KeywordTrigger, require_names
from bithuman_ctypes.errors import AudioError, InvalidArgumentError, WrongTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bithuman_ctypes._lowlevel.frame import StreamFrame

__all__ = [
    "AudioChunk",
    "Emotion",
    "EmotionPrediction",
    "KeywordTrigger",
    "VideoControl",
    "VideoFrame",
]

MIN_RATE, MAX_RATE = 4000, 384000
"""Sample rates that the engine takes, Hz."""

AudioData = Union[bytes, bytearray, memoryview, "NDArray[Any]"]


class AudioChunk:
    """A piece of mono sound.

    ``data``: bytes of 16-bit samples in native order, an int16 array, or a float array in [-1, 1];
    it is kept as int16 of one dimension. ``sample_rate`` in Hz, 4000 .. 384000. ``last_chunk``:
    nothing of this utterance follows. Raises WrongTypeError, InvalidArgumentError, AudioError.
    """

    __slots__ = ("data", "last_chunk", "sample_rate")

    def __init__(self, data: AudioData, sample_rate: int, last_chunk: bool = True) -> None:
        self.data = samples(data)
        self.sample_rate = rate(sample_rate)
        self.last_chunk = bool(last_chunk)

    @classmethod
    def from_bytes(
        cls, audio_bytes: bytes, sample_rate: int, last_chunk: bool = True
    ) -> AudioChunk:
        """Of 16-bit mono samples in native order."""
        return cls(audio_bytes, sample_rate, last_chunk)

    @property
    def array(self) -> NDArray[np.int16]:
        """The samples."""
        return self.data

    @property
    def bytes(self) -> bytes:
        """The samples, 16 bits each, in native order."""
        return self.data.tobytes()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.data) / self.sample_rate

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AudioChunk):
            return NotImplemented
        return (
            self.sample_rate == other.sample_rate
            and self.last_chunk == other.last_chunk
            and np.array_equal(self.data, other.data)
        )

    __hash__ = None  # type: ignore[assignment]  # it is compared by its samples, which may change

    def __repr__(self) -> str:
        last = ", last_chunk=True" if self.last_chunk else ""
        return f"AudioChunk({len(self.data)} samples, {self.sample_rate} Hz{last})"


def samples(data: Any) -> NDArray[np.int16]:
    """Sound as int16 of one dimension; what is int16 already is not copied."""
    if isinstance(data, memoryview):
        if not data.c_contiguous:
            raise InvalidArgumentError("a memoryview of audio must be contiguous")
        data = np.asarray(data) if data.format in ("f", "d", "h") else data.cast("B")
    if isinstance(data, (bytes, bytearray, memoryview)):
        if len(data) % 2:
            raise InvalidArgumentError(
                f"{len(data)} bytes are not a whole number of 16-bit samples"
            )
        return np.frombuffer(data, np.int16)
    if not isinstance(data, np.ndarray):
        raise WrongTypeError(
            f"audio is bytes of 16-bit samples or an array, not {type(data).__name__}"
        )
    if data.ndim != 1:
        raise InvalidArgumentError(f"audio has one dimension (mono), not the shape {data.shape}")
    if data.dtype == np.int16:
        return np.ascontiguousarray(data)
    if data.dtype.kind == "f":
        scaled = np.nan_to_num(data, nan=0.0, posinf=1.0, neginf=-1.0) * 32768.0
        return np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    raise WrongTypeError(f"an array of audio is int16 or float, not {data.dtype}")


def rate(value: Any) -> int:
    """A sample rate, as an int. Raises WrongTypeError, AudioError."""
    try:
        number = operator.index(value)
    except TypeError:
        if not (isinstance(value, float) and value.is_integer()):
            raise WrongTypeError(
                f"a sample rate is a number of Hz, not {type(value).__name__} {value!r}"
            ) from None
        number = int(value)
    if not MIN_RATE <= number <= MAX_RATE:
        raise AudioError(f"a sample rate is {MIN_RATE} to {MAX_RATE} Hz, not {number}")
    return number


def _message_id() -> str:
    return str(uuid.uuid4())


@dataclass
class VideoControl:
    """What the avatar is to do next: say ``audio``, play ``action``, or both.

    ``action``: the name of a clip of the avatar, or a list of names that are played one after
    another; each once per speech, unless ``force_action``, which also begins at the next frame
    rather than where the clip fits. ``text`` (what is said; without audio: what the user said) and
    ``emotion_preds`` choose an action by the triggers of ``AsyncBithuman.set_action_triggers``.
    ``message_id`` comes back as ``VideoFrame.source_message_id``. ``end_of_speech``: the utterance
    ends with this. ``stop_on_user_speech``, ``stop_on_agent_speech``: an action of this that still
    waits is given up when the agent is interrupted, or speaks. ``target_video`` names a video of
    other engines' avatars: here an avatar has one loop, and clips are actions.
    """

    audio: AudioChunk | None = None
    text: str | None = None
    target_video: str | None = None
    action: str | list[str] | None = None
    emotion_preds: list[EmotionPrediction] | None = None
    message_id: str = field(default_factory=_message_id)
    end_of_speech: bool = False
    force_action: bool = False
    stop_on_user_speech: bool | None = None
    stop_on_agent_speech: bool | None = None

    def __post_init__(self) -> None:
        if self.audio is not None and not isinstance(self.audio, AudioChunk):
            raise WrongTypeError(
                f"VideoControl.audio is an AudioChunk, not {type(self.audio).__name__}: "
                "VideoControl.from_audio(data, sample_rate) makes one"
            )
        if self.text is not None and not isinstance(self.text, str):
            raise WrongTypeError(f"VideoControl.text is a str, not {type(self.text).__name__}")
        if self.action is not None:
            require_names("VideoControl.action", self.action)
        for prediction in self.emotion_preds or ():
            if not isinstance(prediction, EmotionPrediction):
                raise WrongTypeError(
                    f"VideoControl.emotion_preds has EmotionPredictions, not {prediction!r}"
                )

    @property
    def is_idle(self) -> bool:
        """Whether it asks for nothing."""
        return (
            self.audio is None
            and not self.text
            and self.target_video is None
            and not self.action
            and not self.emotion_preds
        )

    @property
    def is_speaking(self) -> bool:
        """Whether it has sound."""
        return self.audio is not None

    @property
    def actions(self) -> list[str]:
        """``action`` as a list."""
        if not self.action:
            return []
        return [self.action] if isinstance(self.action, str) else list(self.action)

    @classmethod
    def from_audio(
        cls, audio: AudioData | AudioChunk, sample_rate: int = 16000, last_chunk: bool = True
    ) -> VideoControl:
        """Says a piece of sound; see ``AudioChunk``."""
        if not isinstance(audio, AudioChunk):
            audio = AudioChunk(audio, sample_rate, last_chunk)
        return cls(audio=audio)


@dataclass(eq=False)
class VideoFrame:
    """40 ms of picture and sound.

    ``bgr_image``: uint8 (height, width, 3), the caller's to keep; None when it has no picture, or
    is of another pixel format. ``audio_chunk``: its sound, 16 kHz; None while the avatar is silent.
    ``frame_index`` counts from 0. ``source_message_id``: of the VideoControl that its sound belongs
    to. ``end_of_speech``: the last frame of an utterance. ``image``: the picture in the stream's
    pixel format. ``info``: all that the engine said of the frame.
    """

    bgr_image: NDArray[np.uint8] | None = None
    audio_chunk: AudioChunk | None = None
    frame_index: int | None = None
    source_message_id: str | None = None
    end_of_speech: bool = False
    image: NDArray[np.uint8] | None = None
    info: StreamFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.image is None:
            self.image = self.bgr_image

    @property
    def has_image(self) -> bool:
        """Whether it has a picture."""
        return self.image is not None

    @property
    def rgb_image(self) -> NDArray[np.uint8] | None:
        """``bgr_image`` with red first, a copy."""
        if self.bgr_image is None:
            return None
        return np.ascontiguousarray(self.bgr_image[:, :, ::-1])

    @property
    def is_idle(self) -> bool:
        """Whether it has no sound."""
        return self.audio_chunk is None
