"""Avatars that ask for an authorisation, and whom their hosts trust, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from issuer import Authority
from support import TINY

from bithuman_ctypes.authoring.keys import SigningKey
from bithuman_ctypes.authoring.seal import seal


class Studio(NamedTuple):
    """Who seals the avatars, and those who play them trust."""

    key: SigningKey
    public: Path

    @classmethod
    def new(cls, folder: Path) -> Studio:
        """One with its public key in a folder."""
        key = SigningKey.new()
        return cls(key, key.write(folder / "studio.pem"))

    def sealed(self, path: Path, **allowed: bool) -> Path:
        """The tiny avatar, metered."""
        path.write_bytes(seal(TINY.read_bytes(), self.key, issuer="Studio A", **allowed).data)
        return path


# ---------------------------------------------------------------- fixtures, for tests to import


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio.new(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory, studio: Studio) -> Path:
    return studio.sealed(tmp_path_factory.mktemp("metered") / "metered.imx")


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch, authority: Authority, studio: Studio) -> None:
    """Nobody's certificates and keys but these, and none of the variables that hosts set."""
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_DIR", "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY",
                 "NO_PROXY", "BITHUMAN_API_URL", "BITHUMAN_API_SECRET"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    monkeypatch.setenv("BITHUMAN_TRUSTED_KEYS", str(studio.public))
