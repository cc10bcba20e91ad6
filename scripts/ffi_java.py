"""Essence.java: the header's declarations for JNA, out of the tree that scripts/gen_ffi has parsed.

What a C type becomes: handles are classes of their own, so that the compiler tells them apart;
structs are JNA structures, whose struct_size is filled in; numbers that a call reads or fills are
buffers of java.nio, in the processor's byte order; enums are int, size_t is long (64-bit systems).
"""

from __future__ import annotations

from pycparser import c_ast

NUMBERS = {
    "int8_t": "byte", "uint8_t": "byte", "int16_t": "short", "uint16_t": "short",
    "int32_t": "int", "uint32_t": "int", "int64_t": "long", "uint64_t": "long",
    "size_t": "long", "int": "int", "float": "float", "double": "double", "void": "void",
}  # fmt: skip
BUFFERS = {
    "byte": "ByteBuffer", "short": "ShortBuffer", "int": "IntBuffer", "long": "LongBuffer",
    "float": "FloatBuffer", "double": "DoubleBuffer",
}  # fmt: skip

HEAD = """\
// {banner}

package essence;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.PointerType;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Collections;

/**
 * The engine's C interface for Java and Kotlin, by JNA 5. What each call does, its errors and its
 * thread rule stand in essence.h. 64-bit systems. Buffers begin at their position and are read and
 * filled in the processor's byte order.
 */
public interface Essence extends Library {{
    /** Loads the library: a path, or a name that the system finds, such as "essence". */
    static Essence load(String library) {{
        return Native.load(library, Essence.class,
                Collections.singletonMap(Library.OPTION_STRING_ENCODING, "UTF-8"));
    }}

    /** A struct of the header; its texts are UTF-8. */
    abstract class Struct extends Structure {{
        protected Struct() {{
            setStringEncoding("UTF-8");
        }}
    }}
"""


class UnknownTypeError(Exception):
    """The header holds a type that has no counterpart here."""


class Types:
    """What the header's names stand for, by their typedefs."""

    def __init__(self, tree: c_ast.FileAST) -> None:
        self.enums: set[str] = set()
        self.handles: set[str] = set()
        self.structs: dict[str, list[c_ast.Decl]] = {}
        self.callbacks: dict[str, c_ast.FuncDecl] = {}
        for node in tree.ext:
            if not isinstance(node, c_ast.Typedef):
                continue
            inner = getattr(node.type, "type", None)
            if isinstance(node.type, c_ast.FuncDecl):
                self.callbacks[node.name] = node.type
            elif isinstance(inner, c_ast.Enum):
                self.enums.add(node.name)
            elif isinstance(inner, c_ast.Struct) and inner.decls is None:
                self.handles.add(node.name)
            elif isinstance(inner, c_ast.Struct):
                self.structs[node.name] = inner.decls

    def value(self, name: str) -> str:
        """A type that is passed by value."""
        if name in self.enums:
            return "int"
        if name in self.structs:
            return class_name(name)
        if name not in NUMBERS:
            raise UnknownTypeError(f"the type {name}")
        return NUMBERS[name]

    def pointer(self, to: c_ast.Node, kept: bool) -> str:
        """A pointer; `kept`: it stays in a struct or comes from the library, so no buffer does."""
        if isinstance(to, c_ast.PtrDecl):
            return "PointerByReference"
        name = to.type.names[-1]
        if name == "char":
            return "String"
        if name in self.handles or name in self.structs or name in self.callbacks:
            return class_name(name)
        number = self.value(name)
        return "Pointer" if kept or number == "void" else BUFFERS[number]

    def of(self, node: c_ast.Node, kept: bool = False) -> str:
        """Any type but an array."""
        if isinstance(node, c_ast.PtrDecl):
            return self.pointer(node.type, kept)
        return self.value(node.type.names[-1])


def class_name(name: str) -> str:
    """be_fixture_info_t: FixtureInfo."""
    return "".join(word.capitalize() for word in name[3:].removesuffix("_t").split("_"))


def parameters(types: Types, function: c_ast.FuncDecl, kept: bool) -> list[str]:
    found = [p for p in (function.args.params if function.args else []) if p.name is not None]
    return [f"{types.of(p.type, kept)} {p.name}" for p in found]


def wrapped(head: str, words: list[str], tail: str) -> list[str]:
    """A list between brackets, broken where it is too long."""
    indent = " " * (len(head) - len(head.lstrip()) + 8)
    lines = [head]
    for word in words:
        more = word if word == words[-1] else f"{word}, "
        if len(lines[-1]) + len(more) > 97:
            lines[-1] = lines[-1].rstrip()
            lines.append(indent)
        lines[-1] += more
    lines[-1] += tail
    return lines


def method(types: Types, name: str, function: c_ast.FuncDecl, indent: str, kept: bool) -> list[str]:
    head = f"{indent}{types.of(function.type, kept)} {name}("
    return wrapped(head, parameters(types, function, kept), ");")


def field(types: Types, declaration: c_ast.Decl) -> str:
    """A member of a struct."""
    node = declaration.type
    if not isinstance(node, c_ast.ArrayDecl):
        return f"public {types.of(node, kept=True)} {declaration.name};"
    element = types.of(node.type, kept=True)
    return f"public {element}[] {declaration.name} = new {element}[{node.dim.value}];"


def struct(types: Types, name: str, members: list[c_ast.Decl]) -> list[str]:
    order = [f'"{member.name}"' for member in members]
    lines = ["", *wrapped("    @Structure.FieldOrder({", order, "})")]
    lines.append(f"    class {class_name(name)} extends Struct {{")
    lines += [f"        {field(types, member)}" for member in members]
    if members[0].name == "struct_size":
        lines += [
            "",
            f"        public {class_name(name)}() {{",
            "            struct_size = size();",
        ]
        lines.append("        }")
    return [*lines, "    }"]


def handle(name: str) -> list[str]:
    title = class_name(name)
    return [
        "",
        f"    class {title} extends PointerType {{",
        f"        public {title}() {{}}",
        "",
        f"        public {title}(PointerByReference made) {{",
        "            super(made.getValue());",
        "        }",
        "    }",
    ]


def java_file(tree: c_ast.FileAST, values: dict[str, int], banner: str) -> str:
    """Essence.java; `values`: the macros and the enums' members."""
    types = Types(tree)
    lines = [HEAD.format(banner=banner)]
    lines += [f"    int {name} = {value};" for name, value in values.items()]
    for name in sorted(types.handles):
        lines += handle(name)
    for name, function in types.callbacks.items():
        lines += ["", f"    interface {class_name(name)} extends Callback {{"]
        lines += [*method(types, "invoke", function, "        ", kept=True), "    }"]
    for name, members in types.structs.items():
        lines += struct(types, name, members)
    for node in tree.ext:
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            lines += ["", *method(types, node.name, node.type, "    ", kept=False)]
    return "\n".join([*lines, "}"]) + "\n"
