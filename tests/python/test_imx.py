"""The avatar file from Python: what is written reads back, what is unsound is refused both ways,
and three readers agree: this one, C's and one that was written from docs/imx.md alone."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any, Callable

import numpy as np
import plain_imx
import pytest
from mixed import second_mouth
from support import REPO, TINY, TINY_ACTIONS, Pcm, package_folder

from bithuman_ctypes._lowlevel import Fixture, Runtime
from bithuman_ctypes._lowlevel.options import StreamOptions
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring.imx import (
    Avatar,
    Clip,
    ImxError,
    Manifest,
    Mouth,
    Placement,
    SourceFrame,
)
from bithuman_ctypes.authoring.seal import SigningKey
from bithuman_ctypes.authoring.seal import seal as sealed
from bithuman_ctypes.types import PixelFormat

WIDTH, HEIGHT = 128, 72
PATCH = (16, 8)


def fake_jpeg(width: int, height: int, tag: bytes = b"", sof: int = 0xC0) -> bytes:
    """A JPEG of headers only; ``tag`` tells one from another."""
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(tag)) + tag
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return (
        b"\xff\xd8" + comment + struct.pack(">BBH", 0xFF, sof, 2 + len(frame)) + frame + b"\xff\xd9"
    )


def make_avatar() -> Avatar:
    frames = [
        SourceFrame(0),
        SourceFrame(1, (16, 32, 48, 16), fake_jpeg(48, 16, b"a")),
        SourceFrame(1, (96, 64, 32, 8), fake_jpeg(32, 8, b"b")),
        SourceFrame(0, (16, 32, 48, 16), fake_jpeg(48, 16, b"a")),
    ]
    affine = (65536, 300, -20 * 65536, -300, 65536, -30 * 65536)
    return Avatar(
        manifest=Manifest("Ada é", "ada-1", WIDTH, HEIGHT, "CC0-1.0", "made up", "test 1"),
        bases=[fake_jpeg(WIDTH, HEIGHT, b"0"), fake_jpeg(WIDTH, HEIGHT, b"1")],
        frames=frames,
        placements=[Placement(affine, (16, -8, i)) for i in range(len(frames))],
        mouths=[
            Mouth.rest(),
            Mouth((0.5, -1.0, 0.25, 0.0, 1.0, 0.125), fake_jpeg(*PATCH, b"1")),
            Mouth.from_q12((4096, 1, 2, 3, 4, -5), fake_jpeg(*PATCH, b"2")),
        ],
        patch_size=PATCH,
        mask=np.arange(PATCH[0] * PATCH[1], dtype=np.uint8).reshape(PATCH[1], PATCH[0]),
        encoder=b"onnx",
        thumbnail=fake_jpeg(10, 11),
    )


def make_clips() -> Avatar:
    """The same with a loop of two frames, and two clips that share the last one."""
    nod = Clip("nod", range(2, 4), leave=1, rejoin=0)
    aside = Clip("look.aside-1", range(3, 4), leave=0, rejoin=1, idle=True)
    return dataclasses.replace(make_avatar(), clips=[nod, aside], loop_count=2)


def with_clip(**fields: Any) -> Avatar:
    avatar = make_clips()
    clips = [avatar.clips[0], dataclasses.replace(avatar.clips[1], **fields)]
    return dataclasses.replace(avatar, clips=clips)


def changed(**fields: Any) -> Avatar:
    return dataclasses.replace(make_avatar(), **fields)


def with_manifest(**fields: Any) -> Avatar:
    avatar = make_avatar()
    return dataclasses.replace(avatar, manifest=dataclasses.replace(avatar.manifest, **fields))


def section_rows(data: bytes | bytearray) -> list[tuple[int, bytes, int, int]]:
    """(offset of the entry, type, offset, length) of each section."""
    (count,) = struct.unpack_from("<I", data, 12)
    rows = []
    for i in range(count):
        name, _, offset, length = struct.unpack_from("<4sIQQ", data, 64 + 32 * i)
        rows.append((64 + 32 * i, name, offset, length))
    return rows


def seal(data: bytearray) -> bytes:
    """The file with all of its checksums made right."""
    for entry, _, offset, length in section_rows(data):
        struct.pack_into("<I", data, entry + 24, zlib.crc32(data[offset : offset + length]))
    (count,) = struct.unpack_from("<I", data, 12)
    struct.pack_into("<I", data, 32, zlib.crc32(data[64 : 64 + 32 * count]))
    struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
    return bytes(data)


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("make", [make_avatar, make_clips])
def test_what_is_written_reads_back(tmp_path: Path, make: Callable[[], Avatar]) -> None:
    path = tmp_path / "ada.imx"
    avatar = make()
    size = imx.write(path, avatar)
    assert path.stat().st_size == size
    again = imx.read(path)
    for field in dataclasses.fields(Avatar):
        if field.name != "mask":
            assert getattr(again, field.name) == getattr(avatar, field.name), field.name
    assert np.array_equal(again.mask, avatar.mask)


def test_the_bytes_are_those_of_version_1() -> None:
    """A change of this hash is a change of the format or of the writer's order."""
    digest = hashlib.sha256(imx.to_bytes(make_avatar())).hexdigest()
    assert digest == "21bffac9e05692840935882760df30be744e7b89e71331c520516a5d52b1d2a5"


def test_the_bytes_of_clips_are_those_of_version_1() -> None:
    avatar = make_clips()
    digest = hashlib.sha256(imx.to_bytes(avatar)).hexdigest()
    assert digest == "053f45fa6d3efa05c52c5c5ec707dc66aef2b524c4fc494cd2b1b6c65bccceee"
    assert avatar.loop_length == 2
    implied = dataclasses.replace(avatar, loop_count=None)
    assert implied.loop_length == 2
    assert imx.to_bytes(implied) == imx.to_bytes(avatar)


def test_without_clips_all_frames_are_the_loop() -> None:
    avatar = imx.from_bytes(imx.to_bytes(make_avatar()))
    assert (len(avatar.clips), avatar.loop_count, avatar.loop_length) == (0, None, 4)
    same = dataclasses.replace(avatar, loop_count=4)
    assert imx.to_bytes(same) == imx.to_bytes(make_avatar())


def test_the_same_avatar_gives_the_same_file(tmp_path: Path) -> None:
    imx.write(tmp_path / "a.imx", make_avatar())
    imx.write(tmp_path / "b.imx", imx.read(tmp_path / "a.imx"))
    assert (tmp_path / "a.imx").read_bytes() == (tmp_path / "b.imx").read_bytes()


def test_equal_pictures_are_kept_once() -> None:
    assert imx.to_bytes(make_avatar()).count(fake_jpeg(48, 16, b"a")) == 1


def test_sections_are_aligned_and_padded_with_zeros() -> None:
    data = imx.to_bytes(make_avatar())
    end = 64 + 32 * 7
    for _, _, offset, length in section_rows(data):
        assert offset % 64 == 0
        assert offset - end < 64
        assert not any(data[end:offset])
        end = offset + length
    assert end == len(data)


def test_a_file_gets_the_usual_mode(tmp_path: Path) -> None:
    imx.write(tmp_path / "a.imx", make_avatar())
    (tmp_path / "b").touch()
    assert (tmp_path / "a.imx").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException
) -> None:
    path = tmp_path / "ada.imx"
    path.write_bytes(b"before")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(error)):
        imx.write(path, make_avatar())
    assert os.listdir(tmp_path) == ["ada.imx"]
    assert path.read_bytes() == b"before"


def test_a_place_can_be_tried_beforehand(tmp_path: Path) -> None:
    path = tmp_path / "ada.imx"
    imx.require_place(path)
    assert os.listdir(tmp_path) == []
    path.write_bytes(b"before")
    imx.require_place(path)
    assert path.read_bytes() == b"before"
    for wrong in (tmp_path, tmp_path / "no" / "ada.imx"):
        with pytest.raises(OSError, match="cannot write"):
            imx.require_place(wrong)


def test_an_unsound_avatar_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ImxError, match="placements"):
        imx.write(tmp_path / "ada.imx", changed(placements=[]))
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        imx.write(tmp_path / "no" / "ada.imx", make_avatar())


UNSOUND: list[tuple[Avatar, str]] = [
    (with_manifest(name=""), "name is empty"),
    (with_manifest(name="é" * 64), "name takes 128 bytes"),
    (with_manifest(name="a\nb"), "control character"),
    (with_manifest(name="\ud800"), "not valid Unicode"),
    (with_manifest(name=7), "name must be text"),
    (with_manifest(identity="Ada"), "slug"),
    (with_manifest(identity="ada\n"), "control character"),
    (with_manifest(width=127), "width must be even"),
    (with_manifest(width=128.0), "width must be an integer"),
    (with_manifest(height=5000), "height must be even and 64 to 4096"),
    (with_manifest(width=256), r"base picture 0 is \(128, 72\), not \(256, 72\)"),
    (with_manifest(fps=30), "fps must be 25"),
    (with_manifest(auth="maybe"), "auth must be one of"),
    (with_manifest(loop="never"), "loop must be one of"),
    (changed(bases=[]), "1 to 4096 base pictures, got 0"),
    (changed(bases=[b"GIF89a"] * 2), "base picture 0 is not a JPEG"),
    (changed(bases=[fake_jpeg(WIDTH, HEIGHT, sof=0xC2)] * 2), "not a baseline 4:2:0 JPEG"),
    (changed(frames=[], placements=[]), "1 to 4096 frames, got 0"),
    (changed(frames=[SourceFrame(2)] * 4), "source frame 0 names base picture 2 of 2"),
    (changed(frames=[SourceFrame(0, jpeg=b"x")] * 4), "has a JPEG but no rectangle"),
    (changed(frames=[SourceFrame(0, (8, 0, 16, 16), b"x")] * 4), "off the 16-pixel grid"),
    (changed(frames=[SourceFrame(0, (112, 0, 32, 16), b"x")] * 4), "outside 128x72"),
    (changed(frames=[SourceFrame(0, (0, 0, 16, 16), fake_jpeg(16, 8))] * 4), "not .16, 16."),
    (changed(placements=[Placement((0,) * 6)] * 4), "placement 0 shrinks"),
    (changed(placements=[Placement((1.0,) * 6)] * 4), "must hold integers"),  # type: ignore[arg-type]
    (changed(placements=[Placement((65536, 0, 2**31, 0, 65536, 0))] * 4), "32-bit"),
    (
        changed(placements=[Placement((65536, 0, 0, 0, 65536, 0), (4081, 0, 0))] * 4),
        "colour offset",
    ),
    (changed(loop_count=3), "loop_count is 3 of 4 source frames, but no clip has the others"),
    (dataclasses.replace(make_clips(), loop_count=0), "loop_count is 0, there are 4"),
    (dataclasses.replace(make_clips(), loop_count=5), "loop_count is 5, there are 4"),
    (dataclasses.replace(make_clips(), loop_count=3), "'nod' has the frames 2 to 3, which do not"),
    (
        dataclasses.replace(
            make_clips(), clips=[Clip(f"c{i}", range(2, 4), 0, 0) for i in range(65)]
        ),
        "65 clips, the limit is 64",
    ),
    (with_clip(name="nod"), "two clips have the name 'nod'"),
    (with_clip(name=""), "the name of clip 1 must be a slug of a-z, 0-9, .*, got ''"),
    (with_clip(name="Nod"), "got 'Nod'"),
    (with_clip(name="né"), "got 'né'"),
    (with_clip(name="nod\0"), "must be a slug"),
    (with_clip(name=7), "got 7"),
    (with_clip(name="x" * 32), "the name of clip 1 takes 32 bytes, the limit is 31"),
    (with_clip(frames=range(3, 3)), "clip 'look.aside-1' has no frames"),
    (with_clip(frames=range(1, 3)), "has the frames 1 to 2, which do not lie behind the loop of 2"),
    (with_clip(frames=range(3, 5)), "has the frames 3 to 4, which do not lie"),
    (with_clip(frames=range(2, 4, 2)), "must be a range of step 1"),
    (with_clip(frames=[2, 3]), "must be a range of step 1"),
    (with_clip(leave=2), "clip 'look.aside-1' leaves the loop at frame 2 of 2"),
    (with_clip(leave=-1), "leaves the loop at frame -1 of 2"),
    (with_clip(rejoin=2), "clip 'look.aside-1' rejoins the loop at frame 2 of 2"),
    (with_clip(rejoin=0.0), "rejoins the loop at frame 0.0 of 2"),
    (changed(mouths=[]), "1 to 512 mouths, got 0"),
    (changed(mouths=make_avatar().mouths[1:]), "mouth 0 must be the rest mouth"),
    (changed(mouths=[Mouth.rest(), Mouth((0.0,) * 5, b"x")]), "mouth 1 needs 6 coordinates"),
    (changed(mouths=[Mouth.rest(), Mouth((2.1,) * 6, b"x")]), "within -2..2"),
    (changed(mouths=[Mouth.rest(), Mouth((float("nan"),) * 6, b"x")]), "within -2..2"),
    (changed(mouths=[Mouth.rest(), Mouth((0.0,) * 6, b"")]), "mouth 1 is not a JPEG"),
    (changed(patch_size=(15, 8)), "patch size must be even"),
    (changed(mask=np.zeros((16, 8), np.uint8)), "mask must be uint8 of shape"),
    (changed(encoder=b""), "encoder is empty"),
    (changed(thumbnail=b"x"), "thumbnail is not a JPEG"),
]


@pytest.mark.parametrize(("avatar", "sentence"), UNSOUND)
def test_each_rule_has_its_sentence(avatar: Avatar, sentence: str) -> None:
    with pytest.raises(ImxError, match=sentence) as caught:
        imx.to_bytes(avatar)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_the_decoded_size_is_bounded() -> None:
    base = fake_jpeg(4096, 4096)
    avatar = with_manifest(width=4096, height=4096)
    avatar = dataclasses.replace(
        avatar, bases=[base] * 86, frames=[SourceFrame(0)], placements=avatar.placements[:1]
    )
    with pytest.raises(ImxError, match="when decoded, the limit is 2147483648"):
        imx.to_bytes(avatar)
    imx.to_bytes(dataclasses.replace(avatar, bases=[base] * 85))


def test_a_placement_from_floats_is_the_nearest() -> None:
    placement = Placement.from_floats((1, 0, -0.5, 0, 1.00001, 2), (1.5, -0.25, 0))
    assert placement == Placement((65536, 0, -32768, 0, 65537, 131072), (24, -4, 0))
    with pytest.raises(ImxError, match="takes 6 and 3 numbers"):
        Placement.from_floats((1, 0, 0))


# ---------------------------------------------------------------- reading


def test_every_truncation_is_refused() -> None:
    data = imx.to_bytes(make_avatar())
    for size in range(len(data)):
        with pytest.raises(ImxError):
            imx.from_bytes(data[:size])


def test_every_flipped_byte_is_refused() -> None:
    data = bytearray(imx.to_bytes(make_avatar()))
    for i in range(len(data)):
        data[i] ^= 0x40
        with pytest.raises(ImxError):
            imx.from_bytes(bytes(data))
        data[i] ^= 0x40


def test_an_unknown_section_is_skipped() -> None:
    data = bytearray(imx.to_bytes(make_avatar()))
    entry = next(row[0] for row in section_rows(data) if row[1] == b"ENCO")
    data[entry : entry + 4] = b"xtra"
    assert imx.from_bytes(seal(data)).encoder is None
    struct.pack_into("<I", data, entry + 4, 1)
    with pytest.raises(ImxError, match="newer reader"):
        imx.from_bytes(seal(data))


def clip_section(data: bytes | bytearray) -> tuple[int, int]:
    """(offset of the entry, offset) of section CLIP."""
    return next((entry, at) for entry, name, at, _ in section_rows(data) if name == b"CLIP")


@pytest.mark.parametrize(
    ("at", "size", "value", "sentence"),
    [
        (0, 4, 0, "CLIP has 0 clips, 1 to 64 are allowed"),
        (0, 4, 65, "CLIP has 65 clips"),
        (0, 4, 1, "CLIP has 120 bytes, 1 clips need 64"),
        (4, 4, 0, "loop_count is 0"),
        (8, 1, 0, "the name of clip 0 is longer than 31 bytes or not padded"),
        (8 + 31, 1, 0x78, "the name of clip 0 is longer than 31 bytes or not padded"),
        (8, 3, 0, "the name of clip 0 must be a slug"),
        (8, 1, 0xFF, r"got '.*xffod'"),
        (8 + 32, 4, 1, "'nod' has the frames 1 to 2"),
        (8 + 36, 4, 2**32 - 1, "'nod' has the frames 2 to 4294967296"),
        (8 + 36, 4, 0, "'nod' has no frames"),
        (8 + 40, 4, 2, "leaves the loop at frame 2 of 2"),
        (8 + 48, 4, 2, "clip 0 has flags 0x2"),
        (8 + 52, 4, 1, "clip 0 has a reserved field"),
    ],
)
def test_each_field_of_the_clips_is_checked(at: int, size: int, value: int, sentence: str) -> None:
    data = bytearray(imx.to_bytes(make_clips()))
    start = clip_section(data)[1] + at
    data[start : start + size] = value.to_bytes(size, "little")
    with pytest.raises(ImxError, match=sentence):
        imx.from_bytes(seal(data))


@pytest.mark.parametrize(
    ("flags", "sentence"), [(0, "CLIP has flags 0x0, not 0x1"), (3, "CLIP has flags 0x3; a newer")]
)
def test_clips_must_be_understood(flags: int, sentence: str) -> None:
    data = bytearray(imx.to_bytes(make_clips()))
    entry, _ = clip_section(data)
    assert struct.unpack_from("<I", data, entry + 4) == (1,)
    struct.pack_into("<I", data, entry + 4, flags)
    with pytest.raises(ImxError, match=sentence):
        imx.from_bytes(seal(data))


def test_the_test_avatar_with_actions_is_the_tiny_one_and_two_clips() -> None:
    tiny, actions = imx.read(TINY), imx.read(TINY_ACTIONS)
    assert actions.frames[: actions.loop_length] == tiny.frames
    assert actions.placements[: actions.loop_length] == tiny.placements
    assert actions.mouths == tiny.mouths
    assert actions.clips == [
        Clip("nod", range(6, 10), 2, 3),
        Clip("look", range(10, 13), 4, 4, idle=True),
    ]


def test_the_path_stands_in_the_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.imx"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ImxError, match=r"other\.imx: not an avatar of this engine"):
        imx.read(path)
    with pytest.raises(FileNotFoundError):
        imx.read(tmp_path / "none.imx")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b'"fps":25', b'"fps":26', "fps must be 25"),
        (b'"name"', b'"nome"', "lacks 'name'"),
        (b'"source"', b'"height"', "appears twice"),
        (b'"format":1', b'"format":2', "format is 2"),
        (b'"made up"', b'"\\u0000"', "zero character"),
        (b'"made up"', b"[[[[[[[]]", "not JSON"),
        (b"\xc3\xa9", b"\xc3(", "not JSON"),
    ],
)
def test_the_manifest_is_strict(old: bytes, new: bytes, sentence: str) -> None:
    data = bytearray(imx.to_bytes(make_avatar()))
    _, _, offset, length = section_rows(data)[0]
    text = bytes(data[offset : offset + length]).replace(old, new)
    assert len(text) <= length + 63 - length % 64
    data[offset : offset + len(text)] = text  # the padding behind has room for what is longer
    if len(text) < length:
        data[offset + len(text) : offset + length] = b" " * (length - len(text))
    struct.pack_into("<Q", data, 64 + 16, max(length, len(text)))
    with pytest.raises(ImxError, match=sentence):
        imx.from_bytes(seal(data))


# ---------------------------------------------------------------- JPEG


def test_an_encoded_picture_is_what_a_file_takes() -> None:
    pytest.importorskip("PIL")
    rgb = np.random.default_rng(7).integers(0, 256, (24, 18, 3), dtype=np.uint8)
    data = imx.encode_jpeg(rgb, 80)
    assert data == imx.encode_jpeg(rgb, 80)
    avatar = changed(patch_size=(18, 24), mask=np.zeros((24, 18), np.uint8))
    mouths = [Mouth.rest(), Mouth((0.0,) * 6, data)]
    imx.to_bytes(dataclasses.replace(avatar, mouths=mouths))


@pytest.mark.parametrize(
    ("rgb", "quality", "sentence"),
    [
        (np.zeros((8, 8), np.uint8), 80, "must be uint8 of shape"),
        (np.zeros((8, 8, 3), np.float32), 80, "must be uint8 of shape"),
        (np.zeros((0, 8, 3), np.uint8), 80, "must be uint8 of shape"),
        (np.zeros((8, 8, 3), np.uint8), 0, "quality must be 1 to 100"),
    ],
)
def test_a_wrong_picture_is_refused(rgb: Any, quality: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        imx.encode_jpeg(rgb, quality)


def test_importing_the_writer_does_not_import_pillow() -> None:
    code = "import sys, bithuman_ctypes.authoring.imx; sys.exit('PIL' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPO)


# ---------------------------------------------------------------- both readers

Check = Callable[[list[bytes]], list[str]]


@pytest.fixture(scope="module")
def c_reader(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The C reader's verdict on each file: "ok" or its sentence."""
    compiler, pkg_config = shutil.which("cc"), shutil.which("pkg-config")
    if not compiler or not pkg_config:
        pytest.skip("comparing with the C reader needs cc and pkg-config")
    flags = subprocess.run(
        [pkg_config, "--cflags", "--libs", "libcjson", "libsodium", "zlib"],
        capture_output=True,
        text=True,
    )
    if flags.returncode:
        pytest.skip(
            f"comparing with the C reader needs libcjson, libsodium and zlib: {flags.stderr}"
        )
    core = REPO / "c_core"
    tool = tmp_path_factory.mktemp("imx") / "imx_check"
    sources = [REPO / "tests/c/imx_check.c", *sorted((core / "src/container").glob("*.c"))]
    base = sorted((core / "src/base").glob("*.c"))
    sources += [path for path in base if not path.stem.endswith("_win32")]
    options = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-DBE_BUILD", "-pthread"]
    includes = [f"-I{core / 'src'}", f"-I{core / 'include'}"]
    subprocess.run(
        [compiler, *options, *includes, *map(str, sources), *flags.stdout.split(), "-o", str(tool)],
        check=True,
    )

    def check(files: list[bytes]) -> list[str]:
        stream = b"".join(struct.pack("<I", len(file)) + file for file in files)
        run = subprocess.run([str(tool)], input=stream, capture_output=True, check=True)
        return run.stdout.decode().splitlines()

    return check


def python_reader(data: bytes) -> str:
    try:
        imx.from_bytes(data)
    except ImxError as error:
        return str(error)
    return "ok"


def test_c_reads_what_python_writes(
    c_reader: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    avatar = make_avatar()
    plain = dataclasses.replace(avatar, encoder=None, thumbnail=None, mouths=[Mouth.rest()])
    odd = with_manifest(loop="pingpong", name="名" * 42, license="")
    files = [imx.to_bytes(each) for each in (avatar, plain, odd, make_clips())]
    files.append(TINY_ACTIONS.read_bytes())
    key = SigningKey.new()
    monkeypatch.setenv("BITHUMAN_TRUSTED_KEYS", str(key.write(tmp_path / "studio.pem")))
    files += [sealed(file, key, issuer="名" * 42, insecure=True).data for file in files]
    assert c_reader(files) == ["ok"] * 10
    assert [python_reader(file) for file in files] == ["ok"] * 10
    assert [plain_reader(file) for file in files] == ["ok"] * 10


def damaged_files(count: int) -> list[bytes]:
    """Files with one to three wrong bytes, most in tables, under right checksums."""
    chance = random.Random(20240)
    sounds = [imx.to_bytes(make_avatar()), imx.to_bytes(make_clips())]
    files = []
    for _ in range(count):
        sound = chance.choice(sounds)
        data = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            entry, _, offset, length = chance.choice(section_rows(sound))
            start, size = chance.choice(
                [(entry, 24), (offset, min(length, 16)), (offset, min(length, 256)), (8, 52)]
            )
            data[start + chance.randrange(size)] = chance.choice(
                [0, 1, 2, 0x22, 0x30, 0x31, 0x7D, 0x80, 0xFF, chance.randrange(256)]
            )
        if struct.unpack_from("<I", data, 12)[0] <= 32:  # a table that seal finds in the file
            files.append(seal(data))
    return files


def test_the_readers_agree_on_damaged_files(c_reader: Check) -> None:
    # Only Python looks into the JPEGs, and only its JSON parser minds how a number is spelled.
    python_only = ("JPEG", "pixels", "not JSON")
    verdicts = []
    files = damaged_files(3000)
    for data, c_verdict in zip(files, c_reader(files)):
        verdict = python_reader(data)
        verdicts.append(verdict)
        if not any(word in verdict for word in python_only):
            assert (verdict == "ok") == (c_verdict == "ok"), f"Python: {verdict}; C: {c_verdict}"
        plain = plain_reader(data)
        if "not JSON" not in plain:
            assert (plain == "ok") == (c_verdict == "ok"), f"plain: {plain}; C: {c_verdict}"
    assert 100 < verdicts.count("ok") < len(verdicts) - 1000


def plain_reader(data: bytes) -> str:
    try:
        plain_imx.read(data)
    except plain_imx.Refused as error:
        return str(error)
    return "ok"


# ---------------------------------------------------------------- the page alone


@pytest.mark.parametrize("path", [TINY, TINY_ACTIONS, package_folder() / "assets/default.imx"])
def test_the_page_suffices_to_read_a_file(path: Path) -> None:
    avatar, plain = imx.read(path), plain_imx.read(path.read_bytes())
    assert plain.manifest.items() >= {"name": avatar.manifest.name}.items()
    assert plain.bases == list(avatar.bases)
    assert [tuple(frame) for frame in plain.frames] == [
        (frame.base, *frame.rect, frame.jpeg) for frame in avatar.frames
    ]
    assert plain.placements == [(*row.affine, *row.bias) for row in avatar.placements]
    assert plain.coords == [mouth.q12 for mouth in avatar.mouths]
    assert plain.patches == [mouth.jpeg for mouth in avatar.mouths]
    assert (plain.patch, plain.loop_count) == (avatar.patch_size, avatar.loop_length)
    assert plain.mask == avatar.mask.tobytes()
    assert [row[:5] for row in plain.clips] == [
        (clip.name, clip.frames.start, len(clip.frames), clip.leave, clip.rejoin)
        for clip in avatar.clips
    ]


def planes(jpeg: bytes) -> plain_imx.Planes:
    """FFmpeg's decoder, whose inverse transform differs from the engine's by a level or two."""
    import av

    decoder: Any = av.CodecContext.create("mjpeg", "r")
    frames: list[Any] = decoder.decode(av.Packet(jpeg)) + decoder.decode(None)
    (frame,) = frames
    assert frame.format.name == "yuvj420p"
    out = []
    for plane in frame.planes:
        data, step = bytes(plane), plane.line_size
        out.append([data[i * step : i * step + plane.width] for i in range(plane.height)])
    return out


def test_the_page_suffices_to_compose_a_frame(spoken: Pcm) -> None:
    """The engine's own pictures, and those that the page's formulas give, differ by what two JPEG
    decoders differ by; a wrong placement, bias or mask would be tens of levels."""
    file = plain_imx.read(TINY.read_bytes())
    options = StreamOptions(pixel_format=PixelFormat.I420)
    shown: set[tuple[int, int]] = set()
    mixed = 0
    with Fixture(TINY) as fixture, Runtime(fixture, options) as runtime:
        runtime.push_audio(spoken[:64000])
        runtime.flush()
        while (frame := runtime.next_frame(0)) is not None and (len(shown) < 12 or not mixed):
            key = (frame.source_idx, frame.cluster_idx)
            if key in shown or frame.cluster_idx == 0:
                continue
            shown.add(key)
            other, share = second_mouth(runtime)
            mixed += share > 0
            own = plain_imx.compose(file, *key, planes, other, share)
            flat = np.frombuffer(b"".join(row for plane in own for row in plane), np.uint8)
            gap = np.abs(np.asarray(frame.image, np.int16).ravel() - flat)
            assert gap.max() <= 4, key
    assert len(shown) >= 12
    assert mixed > 0
