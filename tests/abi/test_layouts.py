"""The compiler and cffi agree about every struct and value of essence.h.

The binding's tables hold no offsets: cffi computes them from the declarations. Here the compiler
prints its own, for every struct and enum that the header defines.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bithuman_ctypes._ffi._tables import ffi

INCLUDE = Path(__file__).resolve().parents[2] / "c_core" / "include"


def defined() -> list[str]:
    """The structs and enums of the header; opaque ones have no layout."""
    header = (INCLUDE / "essence.h").read_text(encoding="utf-8")
    return re.findall(r"^\} (be_\w+);$", header, re.M)


def cffi_facts() -> dict[str, int]:
    """Sizes, offsets and values by C expression, as cffi sees them."""
    facts = {}
    for name in defined():
        kind = ffi.typeof(name)
        facts[f"sizeof({name})"] = ffi.sizeof(name)
        if kind.kind == "enum":
            facts.update(kind.relements)
            continue
        for field, details in kind.fields:
            facts[f"offsetof({name}, {field})"] = details.offset
            facts[f"sizeof((({name} *)0)->{field})"] = ffi.sizeof(details.type)
    return facts


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_cffi_and_the_compiler_agree(tmp_path: Path) -> None:
    facts = cffi_facts()
    assert len(facts) > 100
    lines = [f'    printf("%ld\\n", (long)({expression}));' for expression in facts]
    source = tmp_path / "facts.c"
    source.write_text(
        "#include <essence.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n"
        + "\n".join(lines)
        + "\n    return 0;\n}\n"
    )
    program = tmp_path / "facts"
    subprocess.run(["cc", "-std=c11", f"-I{INCLUDE}", str(source), "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    compiled = dict(zip(facts, map(int, printed.split())))
    assert compiled == facts
