"""info, validate, extract and edit: avatar files from the command line."""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support import ELSEWHERE, TINY, TINY_ACTIONS, environment, package_folder

from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import _imx_sections as sections
from bithuman_ctypes.authoring import imx

DEFAULT = package_folder() / "assets" / "default.imx"
FULL_DISK = 20_000
"""Bytes that a file may have where a test plays a full disk; tiny.imx has more."""


def command(
    *words: object, full: bool = False, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_DISK, FULL_DISK))

    return subprocess.run(
        [sys.executable, "-m", "bithuman_ctypes", *map(str, words)],
        env=environment(PYTHONIOENCODING=encoding),
        cwd=ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limit if full else None,
    )


def answer(*words: object) -> str:
    result = command(*words)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tiny avatar, for changing."""
    path = tmp_path / "tiny.imx"
    path.write_bytes(TINY.read_bytes())
    return path


def test_info_for_programs(tmp_path: Path) -> None:
    thumbnail = tmp_path / "face.jpg"
    told = json.loads(answer("info", DEFAULT, "--json", "--thumbnail", thumbnail))
    avatar = imx.read(DEFAULT)
    assert told["manifest"]["identity"] == avatar.manifest.identity
    assert told["size"] == DEFAULT.stat().st_size
    assert told["counts"]["mouths"] == len(avatar.mouths)
    assert told["counts"]["loop_frames"] == avatar.loop_length
    assert [clip["name"] for clip in told["actions"]] == [clip.name for clip in avatar.clips]
    names = [row["type"] for row in told["sections"]]
    assert names == ["MANI", "BASE", "FRAM", "PLAC", "CLIP", "MOUT", "THUM"]
    assert thumbnail.read_bytes() == avatar.thumbnail


def test_info_for_people() -> None:
    text = answer("info", TINY_ACTIONS)
    assert "loop_frames   6" in text
    assert "nod: 4 frames, leaves the loop at 2, rejoins it at 3" in text
    assert "look: 3 frames, leaves the loop at 4, rejoins it at 4, idle" in text


def test_where_letters_cannot_be_written_programs_get_them_still(copy: Path) -> None:
    answer("edit", copy, "--name", "Zoë 日本")
    assert "Zo? ??" in command("info", copy, encoding="ascii").stdout
    told = json.loads(command("info", copy, "--json", encoding="ascii").stdout)
    assert told["manifest"]["name"] == "Zoë 日本"


def test_a_strangers_words_do_not_steer_the_terminal(copy: Path) -> None:
    parts = container.unpack(copy.read_bytes())
    table = {**sections.unpack_table(parts["MANI"]), "later\x1b[2J": "a\nloop_frames   9\x9b"}
    parts["MANI"] = sections.pack_table(table)
    copy.write_bytes(container.pack(list(parts.items())))
    text = answer("info", copy)
    assert "later?[2J     a?loop_frames   9?\n" in text
    assert "\x1b" not in text


def test_info_of_a_file_without_a_thumbnail(tmp_path: Path) -> None:
    result = command("info", TINY, "--thumbnail", tmp_path / "face.jpg")
    assert result.returncode == 73
    assert "has no thumbnail" in result.stderr
    assert not (tmp_path / "face.jpg").exists()


@pytest.mark.parametrize("name", ["info", "validate", "extract", "edit"])
def test_what_is_no_avatar_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    other = tmp_path / "other.imx"
    other.write_bytes(b"PK\x03\x04" + bytes(200))
    options: dict[str, list[object]] = {"extract": [tmp_path / "out"], "edit": ["--name", "x"]}
    more = options.get(name, [])
    result = command(name, other, *more)
    assert result.returncode == 65
    assert "not an avatar of this engine" in result.stderr + result.stdout
    assert not (tmp_path / "out").exists()
    result = command(name, tmp_path / "none.imx", *more)
    assert result.returncode == 66
    assert "cannot open the avatar" in result.stderr


def test_all_of_a_sound_file_is_found_sound() -> None:
    rows = json.loads(answer("validate", DEFAULT, "--json"))
    assert {row["state"] for row in rows} == {"ok"}
    checks = [row["check"] for row in rows]
    assert checks[:3] == ["header", "table of contents", "places"]
    assert checks[-4:] == ["pictures", "mask", "mouths reach", "engine"]


def test_a_wrong_byte_is_found_where_it_is_and_the_rest_is_still_checked(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[-1] ^= 1
    copy.write_bytes(data)
    result = command("validate", copy, "--json")
    assert result.returncode == 65
    states = {row["check"]: row["state"] for row in json.loads(result.stdout)}
    assert states["checksum MOUT"] == "fail"
    assert [name for name, state in states.items() if state == "fail"] == ["checksum MOUT"]
    assert states["checksum MANI"] == states["manifest"] == "ok"
    assert states["engine"] == "skip"


def test_a_picture_that_only_begins_well_is_found(copy: Path) -> None:
    avatar = imx.read(copy)
    whole = avatar.mouths[3].jpeg
    half = whole[: len(whole) // 2]
    mouths = [imx.Mouth(m.coords, half if m.jpeg == whole else m.jpeg) for m in avatar.mouths]
    imx.write(copy, dataclasses.replace(avatar, mouths=mouths))
    result = command("validate", copy)
    assert result.returncode == 65
    assert "fail  pictures          mouth 3 cannot be decoded" in result.stdout


def test_a_thumbnail_that_would_fill_the_memory_is_told(copy: Path) -> None:
    avatar = imx.read(copy)
    header = avatar.bases[0].index(b"\xff\xc0") + 5  # height and width stand behind it
    huge = avatar.bases[0][:header] + b"\xfd\xe8" * 2 + avatar.bases[0][header + 4 :]
    imx.write(copy, dataclasses.replace(avatar, thumbnail=huge))
    result = command("validate", copy)
    assert result.returncode == 65
    assert "fail  pictures          thumbnail 0 cannot be decoded" in result.stdout


def test_extract_writes_the_parts_as_they_are(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    out = tmp_path / "parts"
    answer("extract", TINY_ACTIONS, out)
    avatar = imx.read(TINY_ACTIONS)
    parts = json.loads((out / "parts.json").read_text())
    assert (out / "base" / "0000.jpg").read_bytes() == avatar.bases[0]
    for i, frame in enumerate(avatar.frames):
        assert not frame.jpeg or (out / f"frames/{i:04}.jpg").read_bytes() == frame.jpeg
        assert tuple(parts["frames"][i]["affine"]) == avatar.placements[i].affine
    for i, mouth in enumerate(avatar.mouths[1:], 1):
        assert (out / f"mouths/{i:03}.jpg").read_bytes() == mouth.jpeg
        assert tuple(parts["mouths"][i]) == mouth.coords
    with Image.open(out / "mask.png") as mask:
        assert np.array_equal(np.asarray(mask), avatar.mask)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["identity"] == avatar.manifest.identity
    again = command("extract", TINY_ACTIONS, out)
    assert again.returncode == 73
    assert "is not empty" in again.stderr


def test_edit_changes_the_words_and_nothing_else(copy: Path) -> None:
    before = imx.read(copy)
    answer("edit", copy, "--name", "Zoë", "--license", "CC0-1.0", "--consent", "she said yes")
    after = imx.read(copy)
    assert (after.manifest.name, after.manifest.license) == ("Zoë", "CC0-1.0")
    assert after.manifest.consent == "she said yes"
    assert (after.frames, after.mouths) == (before.frames, before.mouths)
    answer("edit", copy, "--name", before.manifest.name, "--license", before.manifest.license)
    answer("edit", copy, "--consent", "")
    assert copy.read_bytes() == TINY.read_bytes()
    answer("validate", copy)


def test_edit_keeps_what_it_does_not_know(copy: Path) -> None:
    from bithuman_ctypes.authoring import _imx_container as container
    from bithuman_ctypes.authoring import _imx_sections as sections

    parts = container.unpack(copy.read_bytes())
    table = {**sections.unpack_table(parts["MANI"]), "mood": [1, "calm"]}
    parts["MANI"] = sections.pack_table(table)
    copy.write_bytes(container.pack([*parts.items(), ("note", b"private")]))
    answer("edit", copy, "--name", "Ada")
    parts = container.unpack(copy.read_bytes())
    assert parts["note"] == b"private"
    assert sections.unpack_table(parts["MANI"]) == {**table, "name": "Ada"}


def test_edit_to_another_file(copy: Path, tmp_path: Path) -> None:
    answer("edit", copy, "--name", "Ada", "--output", tmp_path / "ada.imx")
    assert copy.read_bytes() == TINY.read_bytes()
    assert imx.read(tmp_path / "ada.imx").manifest.name == "Ada"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing to change"),
        (["--name", ""], "name is empty"),
        (["--identity", "Ada Lovelace"], "identity must be a slug"),
        (["--loop", "never"], "loop must be one of"),
        (["--description", "a\nb"], "control character"),
        (["--name", "\udcff"], "half a character"),
    ],
)
def test_a_wrong_edit_changes_nothing(copy: Path, words: list[str], sentence: str) -> None:
    result = command("edit", copy, *words)
    assert result.returncode == 64
    assert sentence in result.stderr
    assert copy.read_bytes() == TINY.read_bytes()


def test_a_full_disk_leaves_all_as_it_was(copy: Path) -> None:
    assert TINY.stat().st_size > FULL_DISK
    result = command("edit", copy, "--name", "Ada", full=True)
    assert result.returncode == 73
    assert "cannot write" in result.stderr
    assert [path.name for path in copy.parent.iterdir()] == ["tiny.imx"]
    assert copy.read_bytes() == TINY.read_bytes()
