"""The names that the package offers, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import pickle
from typing import Any

import pytest
from support import REPO, package_folder, run_python

import bithuman_ctypes as bh
from bithuman_ctypes import errors

ERRORS = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, Exception)
]


def test_every_listed_name_exists() -> None:
    for name in bh.__all__:
        assert getattr(bh, name) is not None


def test_the_list_and_the_checked_imports_are_the_same() -> None:
    """What mypy sees under TYPE_CHECKING is what __getattr__ gives."""
    tree = ast.parse((package_folder() / "__init__.py").read_text(encoding="utf-8"))
    seen = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bithuman_ctypes")
        for alias in node.names
    }
    assert seen == set(bh.__all__)


def test_other_names_are_not_there() -> None:
    for name in ("nonsense", "_private"):
        with pytest.raises(AttributeError, match=name):
            getattr(bh, name)


def test_dir_lists_what_is_lazy() -> None:
    assert set(bh.__all__) <= set(dir(bh))


def test_importing_loads_nothing() -> None:
    result = run_python(
        "import sys; before = set(sys.modules); import bithuman_ctypes\n"
        "print(sorted(set(sys.modules) - before - {'__future__'}))"
    )
    assert result.returncode == 0, result.stderr
    assert ast.literal_eval(result.stdout) == ["bithuman_ctypes"]


def test_using_an_avatar_does_not_import_onnxruntime_nor_parse_c() -> None:
    result = run_python(
        "import sys, bithuman_ctypes\n"
        "bithuman_ctypes.Fixture\nbithuman_ctypes.__core_version__\n"
        "print([m for m in ('onnxruntime', 'cffi', 'pycparser', 'av', 'soundfile') "
        "if m in sys.modules])"
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_versions() -> None:
    assert bh.__abi_version__ == 6
    assert bh.__core_version__.count(".") == 2
    assert bh.__version__ == bh.__core_version__


def test_execution_providers() -> None:
    assert [(ep.name, int(ep)) for ep in bh.EP] == [
        ("CPU", 0), ("AUTO", 1), ("COREML", 2), ("NNAPI", 3), ("QNN", 4),
    ]  # fmt: skip
    assert (bh.EP_CPU, bh.EP_AUTO, bh.EP_COREML, bh.EP_NNAPI, bh.EP_QNN) == (0, 1, 2, 3, 4)


def test_one_name_two_spellings() -> None:
    assert bh.Bithuman is bh.Avatar


@pytest.mark.parametrize("kind", ERRORS)
def test_each_error_is_in_both_trees(kind: type[errors.BithumanError]) -> None:
    if kind is bh.BithumanError:
        return
    assert issubclass(kind, bh.AvatarError)
    assert issubclass(kind, bh.BithumanError)
    kinds = (bh.InvalidAvatar, bh.NotSupported, bh.NotAuthorised, bh.Failed)
    if kind not in (bh.AvatarError, bh.ModelError):
        assert sum(issubclass(kind, one) for one in kinds) == 1


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_say_what_and_where(kind: type[errors.BithumanError]) -> None:
    error = kind("the sentence")
    assert str(error) == "the sentence"
    assert error.code in errors.EXIT_CODES
    assert error.docs_url.endswith("#" + error.code)
    assert kind("x", code="internal").exit_code == 70
    copy: Any = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.code) == (kind, "the sentence", error.code)


def test_every_code_is_explained() -> None:
    page = (REPO / errors.DOCS_URL).read_text(encoding="utf-8")
    headings = {line[4:] for line in page.splitlines() if line.startswith("### ")}
    assert headings == set(errors.EXIT_CODES)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    doc = errors.__doc__ or ""
    for kind in ERRORS:
        assert kind.__name__ in doc
    assert set(errors.__all__) == {kind.__name__ for kind in ERRORS}


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (bh.ModelNotFoundError, "model_not_found", 66),
        (bh.ModelLoadError, "model_load_failed", 65),
        (bh.ModelSecurityError, "model_security_violation", 77),
        (bh.TokenError, "token_invalid", 77),
        (bh.TokenExpiredError, "token_expired", 77),
        (bh.AccountStatusError, "account_status", 77),
        (bh.TokenRequestError, "token_request_failed", 75),
        (bh.RuntimeNotReadyError, "runtime_not_ready", 69),
        (bh.BithumanError, "unknown", 70),
    ],
)
def test_codes_and_exit_codes(kind: type[errors.BithumanError], code: str, status: int) -> None:
    assert (kind("x").code, kind("x").exit_code) == (code, status)


def test_a_refused_execution_provider_exits_with_64() -> None:
    assert bh.NotSupported("x", code="execution_provider_refused").exit_code == 64


def test_model_errors_are_what_both_generations_catch() -> None:
    assert issubclass(bh.ModelNotFoundError, (bh.ModelError,))
    assert issubclass(bh.ModelNotFoundError, (bh.InvalidAvatar,))
    assert issubclass(bh.AccountStatusError, bh.TokenError)
    assert issubclass(bh.AudioNotFoundError, FileNotFoundError)
    assert issubclass(bh.AudioError, ValueError)
