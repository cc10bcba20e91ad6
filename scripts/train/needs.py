"""Finds out which packages are missing and says how to install them."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def _listed(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package]
    done = subprocess.run(query, check=False, capture_output=True, text=True)
    return done.stdout == "installed"


def missing_debian() -> list[str]:
    """Debian packages of apt.txt that are not installed; nodejs and npm count if their programs
    run.
    """
    packages = [package for package in _listed("apt.txt") if not _is_installed(package)]
    programs = {"nodejs": "node", "npm": "npm"}
    return [p for p in packages if p not in programs or not _runs(programs[p])]


def _runs(program: str) -> bool:
    try:
        return (
            subprocess.run([program, "--version"], check=False, capture_output=True).returncode == 0
        )
    except FileNotFoundError:
        return False


def missing_python() -> list[str]:
    """Requirements of requirements.txt whose module cannot be found."""
    names = [requirement.partition("==")[0] for requirement in _listed("requirements.txt")]
    return [name for name in names if importlib.util.find_spec(name) is None]


def advice() -> str:
    """What to install, one command per line; empty if nothing is missing."""
    lines = []
    if missing_debian():
        lines.append("apt-get install -y --no-install-recommends " + " ".join(missing_debian()))
    if missing_python():
        lines.append(f"python -m pip install -r {HERE / 'requirements.txt'}")
    return "\n".join(lines)
