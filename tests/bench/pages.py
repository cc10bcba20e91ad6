"""Puts measured tables into pages of documentation, between markers."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def write(page: Path, texts: dict[str, str]) -> None:
    """Puts each text between its markers. Ends the process where they are not there once."""
    content = page.read_text(encoding="utf-8")
    for name, text in texts.items():
        begin, end = f"<!-- measured: {name} -->", f"<!-- /measured: {name} -->"
        if content.count(begin) != 1 or content.count(end) != 1:
            sys.exit(f"{page} does not have '{begin}' and '{end}' once")
        before, _, rest = content.partition(begin)
        content = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    page.write_text(content, encoding="utf-8")


def goes_first() -> bool:
    """Whether this process has real-time priority (``chrt -f 20``): no others hold it up."""
    return sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER


def machine() -> str:
    """Where figures are from, in words."""
    described = Path("/proc/cpuinfo")
    model = described.exists() and re.search(r"model name\s*:\s*(.*)", described.read_text())
    name = model[1] if model else os.uname().machine
    version = ".".join(map(str, sys.version_info[:2]))
    return (
        f"{name}, {os.cpu_count()} cores, {os.uname().sysname} "
        f"{os.uname().release.split('-')[0]}, Python {version}"
    )
