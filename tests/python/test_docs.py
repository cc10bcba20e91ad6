"""The pages hold what they promise: nothing is left to fill in, and every link leads somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import REPO

PLACEHOLDER = re.compile(r"@[A-Z][A-Z0-9_]*@")
LINK = re.compile(r"\]\(\s*<?([^)>\s]+)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages() -> list[Path]:
    """The repository's pages; the root's and those of docs where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "*.md"], cwd=REPO, capture_output=True, text=True, check=True
        ).stdout.split("\n")
        found = [REPO / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = [*REPO.glob("*.md"), *(REPO / "docs").rglob("*.md")]
    return [path for path in found if path.is_file()]


PAGES = {str(path.relative_to(REPO)): path for path in pages()}


def test_there_are_pages() -> None:
    assert {"README.md", "docs/errors.md"} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_left_to_fill_in(name: str) -> None:
    assert PLACEHOLDER.findall(PAGES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    text = CODE.sub("", PAGES[name].read_text(encoding="utf-8"))
    targets = [link for link in LINK.findall(text) if not ELSEWHERE.match(link)]
    files = [target.partition("#")[0] for target in targets]
    dead = [file for file in files if file and not (PAGES[name].parent / file).exists()]
    assert dead == []
