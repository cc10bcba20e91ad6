"""An avatar in memory."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from bithuman_ctypes._ffi import _values as c
from bithuman_ctypes._ffi import onnxruntime
from bithuman_ctypes._ffi.library import ffi, library
from bithuman_ctypes._lowlevel.gate import check, error_of, text
from bithuman_ctypes._lowlevel.handle import Handle
from bithuman_ctypes.errors import RuntimeNotReadyError
from bithuman_ctypes.types import EP, Action, Provider

MAX_THREADS = 256

LOADINGS = {
    "async": c.BE_LOADING_ASYNC,
    "sync": c.BE_LOADING_SYNC,
    "on_demand": c.BE_LOADING_ON_DEMAND,
}
STORAGES = {
    "memory": c.BE_STORAGE_MEMORY,
    "jpeg": c.BE_STORAGE_JPEG,
    "temp_file": c.BE_STORAGE_TEMP_FILE,
}


class FixtureInfo(NamedTuple):
    """be_fixture_info_t: sizes in pixels, the rate in Hz, the rest are counts."""

    audio_sample_rate: int
    audio_samples_per_tick: int
    mel_bins: int
    mel_frames_per_chunk: int
    embedding_dim: int
    cluster_count: int
    active_ep: EP
    frame_width: int
    frame_height: int
    source_frame_count: int


class Seal(NamedTuple):
    """be_seal_t: what an avatar's signature vouches for. ``digest`` and ``key`` are "" unless it is
    signed, ``issuer`` is "" of an open one."""

    is_signed: bool
    identity: str
    issuer: str
    digest: str
    key: str


class Fixture(Handle):
    """An avatar: immutable, loaded once, shared by any number of Runtimes on any threads.

    ``path`` is the .imx file. ``preferred_ep`` is an EP or its number; ``active_ep`` tells what it
    became, and with ``strict_ep`` one that cannot be had is an error instead. ``intra_op_threads``
    are the threads of the audio encoder, 1 .. 256 (0 is 1). ``loading`` says when source pictures
    are decoded: "async" (by a worker), "sync" (all before this returns) or "on_demand"; ``storage``
    how they are kept: "memory", "jpeg" or "temp_file". ``store_mb``: decoded pictures of
    "on_demand" and "jpeg", 8 .. 4096 MB, 0 is 64. ``trusted_keys`` names a file or a folder of
    public keys whose signatures are believed, in place of BITHUMAN_TRUSTED_KEYS; with ``signed``
    an avatar that nobody of those signed is refused, also an open one.

    Raises ModelNotFoundError, ModelLoadError (damaged, another engine's file, or an encoder that
    cannot run), ModelSecurityError (a signature that is broken, unknown, or missing where it is
    needed), RuntimeNotReadyError (no engine library, no ONNX Runtime), OutOfMemoryError.
    """

    auth: Handle | None = None
    """The right to its frames; streams that are opened use it, and ``close`` closes it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        preferred_ep: int = EP.CPU,
        intra_op_threads: int = 1,
        *,
        loading: str = "async",
        storage: str = "memory",
        store_mb: int = 0,
        strict_ep: bool = False,
        trusted_keys: str | os.PathLike[str] | None = None,
        signed: bool = False,
    ) -> None:
        self._path = os.fspath(path)
        name = _c_path(path)
        if not 0 <= intra_op_threads <= MAX_THREADS:
            raise ValueError(f"intra_op_threads is 0 to {MAX_THREADS}, not {intra_op_threads}")
        source = ffi.new("be_fixture_source_t *")
        source.struct_size = ffi.sizeof("be_fixture_source_t")
        source.path = name
        source.preferred_ep = int(EP(preferred_ep))
        source.intra_op_threads = intra_op_threads
        source.loading = _one_of("loading", LOADINGS, loading)
        source.storage = _one_of("storage", STORAGES, storage)
        source.store_mb = store_mb
        source.flags = c.BE_FIXTURE_STRICT_EP if strict_ep else 0
        source.flags |= c.BE_FIXTURE_SIGNED if signed else 0
        keys = ffi.NULL if trusted_keys is None else _c_path(trusted_keys)
        source.trusted_keys = keys
        pointer = _load(source)
        try:
            self._info = _describe(pointer)
        except BaseException:
            library().be_fixture_release(pointer)
            raise
        self._own(pointer, library().be_fixture_release)

    @property
    def info(self) -> FixtureInfo:
        """Everything about the avatar at once."""
        self._enter()
        return self._info

    @property
    def audio_sample_rate(self) -> int:
        """Rate of the audio inside the engine, Hz: 16000."""
        return self.info.audio_sample_rate

    @property
    def audio_samples_per_tick(self) -> int:
        """Samples per frame: 640, 40 ms."""
        return self.info.audio_samples_per_tick

    @property
    def mel_bins(self) -> int:
        """Bands of the spectrum that the encoder hears."""
        return self.info.mel_bins

    @property
    def mel_frames_per_chunk(self) -> int:
        """Spectra per tick."""
        return self.info.mel_frames_per_chunk

    @property
    def embedding_dim(self) -> int:
        """Numbers that the encoder gives per tick."""
        return self.info.embedding_dim

    @property
    def cluster_count(self) -> int:
        """Mouths of the avatar, the mouth at rest (0) included."""
        return self.info.cluster_count

    @property
    def active_ep(self) -> EP:
        """The execution provider that runs the encoder."""
        return self.info.active_ep

    @property
    def frame_width(self) -> int:
        """Width of a frame in pixels."""
        return self.info.frame_width

    @property
    def frame_height(self) -> int:
        """Height of a frame in pixels."""
        return self.info.frame_height

    @property
    def source_frame_count(self) -> int:
        """Pictures in the avatar's loop."""
        return self.info.source_frame_count

    @property
    def metering(self) -> int:
        """Whether frames need an authorisation: a BE_METERING_ value of the C interface."""
        return int(self._call(library().be_fixture_get_metering))

    @property
    def seal(self) -> Seal:
        """Who signed it, and what its issuer knows it by."""
        found = ffi.new("be_seal_t *")
        found.struct_size = ffi.sizeof("be_seal_t")
        owned = self._enter()
        try:
            check(library().be_fixture_get_seal(owned.pointer, found))
            words = (getattr(found, name) for name in Seal._fields[1:])
            return Seal(bool(found.is_signed), *map(text, words))
        finally:
            del owned  # not before its words are copied

    @property
    def path(self) -> str:
        """The file that it was loaded from."""
        return self._path

    @property
    def lookahead(self) -> int:
        """How much audio after a tick must be known before its frame can be made, in samples."""
        return int(self._call(library().be_fixture_get_lookahead))

    @property
    def provider(self) -> Provider:
        """Which execution provider runs the encoder, and why."""
        report = ffi.new("be_provider_report_t *")
        report.struct_size = ffi.sizeof("be_provider_report_t")
        owned = self._enter()
        try:
            check(library().be_fixture_get_provider(owned.pointer, report))
            words = text(report.reason), text(report.runtime)
        finally:
            del owned  # not before its words are copied
        return Provider(EP(report.asked), EP(report.active), *words)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The clips of the avatar."""
        found = ffi.new("be_action_t *")
        found.struct_size = ffi.sizeof("be_action_t")
        listed = []
        owned = self._enter()
        try:
            for index in range(library().be_fixture_get_action_count(owned.pointer)):
                check(library().be_fixture_get_action(owned.pointer, index, found))
                idle = bool(found.flags & c.BE_ACTION_IDLE)
                listed.append(
                    Action(text(found.name), found.frame_count, found.leave, found.rejoin, idle)
                )
        finally:
            del owned  # not before its words are copied
        return tuple(listed)

    def close(self) -> None:
        """Lets go of the avatar and of the right to it; streams that are open keep both."""
        auth, self.auth = self.auth, None
        if auth is not None:
            auth.close()
        super().close()

    def __repr__(self) -> str:
        if self.closed:
            return f"<Fixture {self._path!r}, closed>"
        info = self._info
        return (
            f"<Fixture {self._path!r}, {info.frame_width}x{info.frame_height}, "
            f"{info.cluster_count} mouths, {info.source_frame_count} source frames>"
        )


def _c_path(path: str | os.PathLike[str]) -> Any:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path cannot have a zero byte in it")
    return ffi.new("char[]", encoded)


def _one_of(name: str, values: dict[str, int], value: str) -> int:
    try:
        return values[value]
    except (KeyError, TypeError):
        raise ValueError(f"{name} is one of {', '.join(values)}, not {value!r}") from None


def _load(source: Any) -> Any:
    hint = onnxruntime.announce()
    out = ffi.new("be_fixture_t **")
    try:
        status = library().be_fixture_open(source, out)
    except BaseException:  # Ctrl-C while C was at work
        if out[0] != ffi.NULL:
            library().be_fixture_release(out[0])
        raise
    if status == c.BE_ERR_MODEL_LOAD_FAILED and hint is not None:
        # Nothing is wrong with the avatar: the library that runs its encoder is not there.
        raise RuntimeNotReadyError(f"{error_of(status)}; {hint}")
    check(status)
    return out[0]


def _describe(pointer: Any) -> FixtureInfo:
    info = ffi.new("be_fixture_info_t *")
    check(library().be_fixture_get_info(pointer, info))
    values = {name: getattr(info, name) for name in FixtureInfo._fields}
    return FixtureInfo(**{**values, "active_ep": EP(info.active_ep)})
