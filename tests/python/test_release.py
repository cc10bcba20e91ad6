"""scripts/release, in a small tree of its own: what it refuses, and what it tags."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import REPO

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")

TODAY = datetime.date.today().isoformat()
FILES = {
    "c_core/CMakeLists.txt": "project(essence VERSION 1.2.3 LANGUAGES C)\n# SOVERSION 6\n",
    "c_core/include/essence.h": "#define BE_ABI_VERSION 6\n#define BE_ABI_REVISION 2\n",
    "c_core/abi/essence.map": "ESSENCE_6 {\n};\nESSENCE_6_R1 {\n};\nESSENCE_6_R2 {\n};\n",
    "docs/abi.md": "| Revision 1 | this |\n| Revision 2 | that |\n",
    "CHANGELOG.md": f"# Changelog\n\n## 1.2.3, {TODAY}\n\n- A thing.\n\n## 1.2.2, 2020-01-01\n",
    "scripts/abi": "",
    "scripts/gen_ffi": "",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository that can be released."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copy(REPO / "scripts" / "release", tmp_path / "scripts")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(tree: Path, *arguments: str) -> str:
    who = {
        f"GIT_{role}_{what}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    command = ["git", "-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false", *arguments]
    done = subprocess.run(
        command, cwd=tree, env={**os.environ, **who}, capture_output=True, text=True, check=True
    )
    return done.stdout


def commit(tree: Path) -> None:
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "all")


def release(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    who = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(
        [sys.executable, str(tree / "scripts" / "release"), *arguments],
        env={**os.environ, **who},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_tree_is_tagged_once(tree: Path) -> None:
    assert release(tree, "--check").returncode == 0
    assert git(tree, "tag") == ""
    done = release(tree)
    assert (done.returncode, git(tree, "tag")) == (0, "v1.2.3\n"), done.stderr
    again = release(tree)
    assert again.returncode == 1
    assert "v1.2.3 exists" in again.stderr


ALWAYS = {
    "another version in the changelog": ("CHANGELOG.md", "1.2.3, ", "1.2.4, ", "begins with 1.2.4"),
    "an empty section": ("CHANGELOG.md", "- A thing.", "", "says nothing of 1.2.3"),
    "a map behind the header": (
        "c_core/abi/essence.map",
        "ESSENCE_6_R2 {\n};\n",
        "",
        "has revision 2",
    ),
    "another soname": ("c_core/CMakeLists.txt", "SOVERSION 6", "SOVERSION 7", "soname"),
    "no history": ("docs/abi.md", "| Revision 2 | that |", "", "no revision 2"),
    "another interface": ("scripts/abi", "", "raise SystemExit('it changed')", "it changed"),
    "old generated files": ("scripts/gen_ffi", "", "raise SystemExit(1)", "run scripts/gen_ffi"),
}
AT_A_RELEASE = {
    "no date": ("CHANGELOG.md", TODAY, "unreleased", "`unreleased`"),
    "a day to come": ("CHANGELOG.md", TODAY, "2999-01-01", "not come yet"),
    "a revision that is not released": (
        "docs/abi.md", "Revision 2 |", "Revision 2 (not released yet) |", "fixes its layouts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", [*ALWAYS, *AT_A_RELEASE])
def test_what_is_refused(tree: Path, fault: str) -> None:
    name, old, new, reason = {**ALWAYS, **AT_A_RELEASE}[fault]
    text = (tree / name).read_text()
    assert old in text
    (tree / name).write_text(text.replace(old, new, 1) if old else new)
    commit(tree)
    done = release(tree)
    assert done.returncode == 1
    assert reason in done.stderr
    assert git(tree, "tag") == ""
    assert release(tree, "--check").returncode == (1 if fault in ALWAYS else 0)


def test_a_tree_that_is_not_committed_is_refused(tree: Path) -> None:
    (tree / "new.c").write_text("")
    done = release(tree)
    assert done.returncode == 1
    assert "?? new.c" in done.stderr


def test_an_older_version_is_refused(tree: Path) -> None:
    git(tree, "tag", "v1.10.0")
    done = release(tree)
    assert done.returncode == 1
    assert "older than the released 1.10.0" in done.stderr
