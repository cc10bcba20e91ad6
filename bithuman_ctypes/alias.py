"""This package under the name ``bithuman``, for programs that were written for that one."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Sequence
from types import ModuleType

__all__ = ["install_as_bithuman"]

OURS = "bithuman_ctypes"
ALIAS = "bithuman"

MODULES = {
    "config": "settings",
    "exceptions": "errors",
    "runtime": "_runtime_names",
    "runtime_async": "_runtime_names",
}
"""Modules of the other package that have another name here; the rest have the same."""

_lock = threading.Lock()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers an import of ``bithuman.x`` with the module ``bithuman_ctypes.x`` itself.

    Without it Python would find the file in our folder and run it a second time under the other
    name, and its classes would not be ours.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith(ALIAS + "."):
            return None
        if importlib.util.find_spec(_real_name(name)) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(_real_name(spec.name))
        # The machinery is about to write the alias's spec into the module.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None and spec.loader is self:
            module.__spec__ = spec.loader_state


def install_as_bithuman() -> None:
    """Makes ``import bithuman`` and ``from bithuman.api import ...`` mean this package.

    Call it before anything imports ``bithuman``; twice is once. Raises ImportError when another
    package of that name is imported already.
    """
    with _lock:
        package = sys.modules[OURS]
        present = sys.modules.get(ALIAS)
        if present is package:
            return
        if present is not None:
            where = getattr(present, "__file__", None) or "somewhere"
            raise ImportError(
                f"bithuman is imported already, from {where}: call install_as_bithuman() before "
                "anything imports it"
            )
        sys.meta_path.insert(0, _Finder())
        sys.modules[ALIAS] = package


def _real_name(name: str) -> str:
    first, dot, rest = name[len(ALIAS) + 1 :].partition(".")
    return f"{OURS}.{MODULES.get(first, first)}{dot}{rest}"
