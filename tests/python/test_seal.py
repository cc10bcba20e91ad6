"""Sealing avatar files: the command, the keys, and what the engine believes."""

from __future__ import annotations

import errno
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from support import TINY

import bithuman_ctypes as bh
from bithuman_ctypes.authoring import _imx_container as container
from bithuman_ctypes.authoring import imx
from bithuman_ctypes.authoring.edit import edited
from bithuman_ctypes.authoring.keys import SigningKey, public_path
from bithuman_ctypes.authoring.seal import seal
from bithuman_ctypes.cli.main import main

OPENSSL = shutil.which("openssl")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITHUMAN_TRUSTED_KEYS", raising=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    SigningKey(bytes(range(32))).write(tmp_path / "studio.pem")
    return tmp_path / "studio.pem"


def _command(*words: object) -> int:
    return main(["seal", *map(str, words)])


# ---------------------------------------------------------------- the command


def test_the_command_makes_a_metered_avatar(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "sealed.imx"
    words = (TINY, "--issuer", "Studio A", "--key", key, "--output", output)
    assert _command(*words) == 0
    shown = capsys.readouterr()
    with bh.Fixture(output, trusted_keys=public_path(key), signed=True) as fixture:
        assert fixture.seal.issuer == "Studio A"
        assert fixture.seal.digest == shown.out.strip()
        assert fixture.seal.key == SigningKey.read(key).id
        assert fixture.seal.key in shown.err
    manifest = imx.read(output).manifest
    assert (manifest.auth, manifest.issuer) == ("heartbeat", "Studio A")
    assert not manifest.unmetered
    assert not manifest.insecure
    first = output.read_bytes()
    assert _command(*words, "--unmetered-allowed", "--insecure-allowed") == 0
    manifest = imx.read(output).manifest
    assert manifest.unmetered
    assert manifest.insecure
    assert _command(output, *words[1:]) == 0  # once more, over itself
    assert output.read_bytes() == first


def test_an_open_avatar_may_be_signed(key: Path, tmp_path: Path) -> None:
    output = tmp_path / "sealed.imx"
    assert _command(TINY, "--open", "--key", key, "--output", output) == 0
    with bh.Avatar.load(output, trusted_keys=key.parent) as avatar:
        assert avatar.fixture.seal == (
            True,
            "tiny",
            "",
            avatar.fixture.seal.digest,
            SigningKey.read(key).id,
        )
    with pytest.raises(bh.ModelSecurityError, match="not signed"):
        bh.Fixture(TINY, signed=True)
    with bh.Fixture(TINY) as fixture:
        assert fixture.seal == (False, "tiny", "", "", "")


def test_everything_else_stays(key: Path) -> None:
    sections = container.unpack(TINY.read_bytes())
    table = json.loads(sections["MANI"])
    sections["MANI"] = json.dumps({**table, "x-later": [1]}).encode()
    data = container.pack([*sections.items(), ("note", b"hello")])
    sealed = container.unpack(seal(data, SigningKey.read(key), issuer="A").data)
    again = container.unpack(seal(data, SigningKey.read(key), issuer=None).data)
    for name, section in sections.items():
        assert name == "MANI" or sealed[name] == again[name] == section
    assert sealed["note"] == b"hello"
    assert json.loads(sealed["MANI"]) == {
        **table,
        "x-later": [1],
        "auth": "heartbeat",
        "issuer": "A",
    }
    assert json.loads(again["MANI"]) == {**table, "x-later": [1]}
    assert len(sealed["SIGN"]) == 88


@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        (["{tiny}", "--issuer", "A", "--output", "{out}"], 64, "--key"),
        (["{tiny}", "--key", "{key}", "--output", "{out}"], 64, "--issuer"),
        (["{tiny}", "--issuer", "A", "--key", "{key}"], 64, "--output"),
        (["--issuer", "A", "--key", "{key}", "--output", "{out}"], 64, "the avatar"),
        (["{tiny}", "--issuer", "", "--key", "{key}", "--output", "{out}"], 64, "issuer"),
        (["{tiny}", "--issuer", "A" * 128, "--key", "{key}", "--output", "{out}"], 64, "127"),
        (["{tiny}", "--issuer", "A", "--key", "{tiny}", "--output", "{out}"], 64, "no private key"),
        (["{tiny}", "--issuer", "A", "--key", "{dir}/no", "--output", "{out}"], 66, "no"),
        (["{dir}/no", "--issuer", "A", "--key", "{key}", "--output", "{out}"], 66, "no"),
        (["{key}", "--issuer", "A", "--key", "{key}", "--output", "{out}"], 65, "magic"),
        (["{tiny}", "--issuer", "A", "--key", "{key}", "--output", "{dir}/no/x"], 73, "write"),
        (["--new-key", "{key}"], 73, "exists"),
        (["--new-key", "{dir}/other.pem", "--open"], 64, "alone"),
        (["--new-key", "{dir}/other.pub"], 64, "cannot be called"),
        (["--new-key", ""], 64, "cannot be called"),
        (["{tiny}", "--issuer", "\udcff", "--key", "{key}", "--output", "{out}"], 64, "half a"),
    ],
)
def test_errors_are_one_sentence(
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    named: str,
) -> None:
    output = tmp_path / "sealed.imx"
    places = {"tiny": TINY, "key": key, "out": output, "dir": tmp_path}
    assert _command(*(word.format(**places) for word in words)) == status
    shown = capsys.readouterr().err
    assert named in shown
    assert shown.count("\n") == 1
    assert not output.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["studio.pem", "studio.pub"]


# ---------------------------------------------------------------- keys


def test_a_new_key_is_its_owners_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.pem"
    assert _command("--new-key", path) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shown = capsys.readouterr()
    secret = path.read_text().splitlines()[1]
    assert secret not in shown.out + shown.err
    assert shown.out.strip() == SigningKey.read(path).id
    before = path.read_bytes()
    assert _command("--new-key", path) == 73
    assert path.read_bytes() == before
    assert SigningKey.new().id != SigningKey.new().id


def test_half_a_pair_of_keys_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the public half comes."""
    left = [2, 0]

    def fsync(_: int) -> None:
        left[1] += 1
        if left[1] == left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)
    for full_at in (2, 1):
        left[:] = [full_at, 0]
        assert _command("--new-key", tmp_path / "mine.pem") == 73
        assert not list(tmp_path.iterdir())


def test_keys_are_shown_nowhere(key: Path) -> None:
    secret = bytes(range(32))
    read = SigningKey.read(key)
    for text in (repr(read), str(read)):
        assert secret.hex() not in text
        assert repr(secret) not in text
    with pytest.raises(bh.InvalidArgumentError) as caught:
        SigningKey(secret + b"x")
    assert secret.hex() not in str(caught.value)


@pytest.mark.skipif(OPENSSL is None, reason="compares with the openssl command")
def test_keys_are_those_of_openssl(tmp_path: Path) -> None:
    def openssl(*words: object) -> bytes:
        done = subprocess.run(
            [str(OPENSSL), *map(str, words)], check=True, capture_output=True, cwd=tmp_path
        )
        return done.stdout

    openssl("genpkey", "-algorithm", "ed25519", "-out", "theirs.pem")
    openssl("pkey", "-in", "theirs.pem", "-pubout", "-out", "theirs.pub")
    theirs = SigningKey.read(tmp_path / "theirs.pem")
    (tmp_path / "message").write_bytes(b"hello")
    (tmp_path / "signature").write_bytes(theirs.sign(b"hello"))
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", "theirs.pub", "-rawin", "-in", "message",
            "-sigfile", "signature")  # fmt: skip
    sealed = tmp_path / "sealed.imx"
    sealed.write_bytes(seal(TINY.read_bytes(), theirs, issuer="A").data)
    with bh.Fixture(sealed, trusted_keys=tmp_path / "theirs.pub") as fixture:
        assert fixture.seal.is_signed
    ours = SigningKey.new()
    assert ours.write(tmp_path / "ours.pem").read_bytes() == openssl(
        "pkey", "-in", "ours.pem", "-pubout"
    )
    openssl("genpkey", "-algorithm", "x25519", "-out", "other.pem")
    with pytest.raises(bh.InvalidArgumentError, match="no private key of Ed25519"):
        SigningKey.read(tmp_path / "other.pem")
    openssl("pkey", "-in", "ours.pem", "-aes128", "-passout", "pass:x", "-out", "locked.pem")
    with pytest.raises(bh.InvalidArgumentError, match="encrypted"):
        SigningKey.read(tmp_path / "locked.pem")


# ---------------------------------------------------------------- what it is good for


def test_a_changed_file_is_a_security_error(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = seal(TINY.read_bytes(), SigningKey.read(key), issuer="Studio A").data
    path = tmp_path / "sealed.imx"
    sections = container.unpack(data)
    manifest = {**json.loads(sections["MANI"]), "name": "Somebody else"}
    sections["MANI"] = json.dumps(manifest).encode()
    path.write_bytes(container.pack(list(sections.items())))
    with pytest.raises(bh.ModelSecurityError, match="BITHUMAN_TRUSTED_KEYS"):
        bh.Fixture(path)
    monkeypatch.setenv("BITHUMAN_TRUSTED_KEYS", str(key.parent))
    with pytest.raises(bh.ModelSecurityError, match="changed since it was signed") as caught:
        bh.Avatar.load(path)
    assert (caught.value.code, caught.value.exit_code) == ("model_security_violation", 77)
    assert str(path) in str(caught.value)
    with pytest.raises(imx.ImxError, match="signed"):
        edited(data, {"name": "Somebody else"})


def test_validate_looks_at_the_signature(
    key: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "sealed.imx"
    path.write_bytes(seal(TINY.read_bytes(), SigningKey.read(key), issuer="Studio A").data)
    assert main(["validate", str(path)]) == 0  # nobody's key is trusted: not looked at
    assert "no keys are trusted here" in capsys.readouterr().out
    monkeypatch.setenv("BITHUMAN_TRUSTED_KEYS", str(key.parent))
    assert main(["validate", str(path)]) == 0
    assert "no keys are trusted here" not in capsys.readouterr().out
    SigningKey.new().write(tmp_path / "other.pem")
    monkeypatch.setenv("BITHUMAN_TRUSTED_KEYS", str(tmp_path / "other.pub"))
    with pytest.raises(SystemExit, match="65"):
        main(["validate", str(path)])


def test_a_metered_avatar_needs_a_signature(tmp_path: Path) -> None:
    from dataclasses import replace

    avatar = imx.read(TINY)
    manifest = replace(avatar.manifest, auth="heartbeat", issuer="Studio A")
    path = tmp_path / "metered.imx"
    imx.write(path, replace(avatar, manifest=manifest))
    assert imx.read(path).manifest == manifest  # authors may look at it
    with pytest.raises(bh.ModelSecurityError, match="without a signature"):
        bh.Fixture(path)
