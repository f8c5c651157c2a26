"""Functions are short enough to be read at once, and parts take few arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "phoenix_cfn"

LONGEST_FUNCTION = 60
"""Lines, from `def` to the last one."""
MOST_ARGUMENTS = 5
"""Of a part, its scope included."""

# The public functions of a folder of kinds are parts, marked or not.
KINDS = ("infrastructure/deployments", "infrastructure/database", "infrastructure/network", "pipeline/sources")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.AST) -> Iterator[_Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _Function))


def _length(function: _Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def _arguments(function: _Function) -> list[str]:
    given = function.args
    single = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, *single)]


def _is_part(function: _Function) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "part" for each in function.decorator_list)


def _parts(tree: ast.Module, of_a_kind: bool) -> Iterator[_Function]:
    """The functions that are marked as parts; in the file of a kind also those that are public."""
    return (each for each in _functions(tree) if _is_part(each) or (of_a_kind and not each.name.startswith("_")))


def _too_long(tree: ast.Module) -> list[str]:
    return [each.name for each in _functions(tree) if _length(each) > LONGEST_FUNCTION]


def _too_many_arguments(tree: ast.Module, of_a_kind: bool = False) -> list[str]:
    return [each.name for each in _parts(tree, of_a_kind) if len(_arguments(each)) > MOST_ARGUMENTS]


def _modules() -> list[str]:
    return [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]


def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", _modules())
def test_no_function_is_longer_than_sixty_lines(module: str) -> None:
    assert not _too_long(_tree(module))


@pytest.mark.parametrize("module", _modules())
def test_no_part_takes_more_than_five_arguments(module: str) -> None:
    assert not _too_many_arguments(_tree(module), of_a_kind=module.startswith(KINDS))


def test_the_folders_of_kinds_exist() -> None:
    assert all(any(module.startswith(f"{kind}/") for module in _modules()) for kind in KINDS)


def test_parts_are_recognized() -> None:
    parts = {each.name for module in _modules() for each in _parts(_tree(module), of_a_kind=False)}
    assert {"fargate_service", "dashboard", "artifact_storage", "vpc_network", "outputs"} <= parts


@pytest.mark.parametrize(
    ("lines", "found"),
    [(LONGEST_FUNCTION, []), (LONGEST_FUNCTION + 1, ["inner"])],
)
def test_the_length_counts_from_def_to_the_last_line_also_within_a_class(lines: int, found: list[str]) -> None:
    code = "class A:\n    @property\n    async def inner(self):\n" + "        pass\n" * (lines - 1)
    assert _too_long(ast.parse(code)) == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [("scope, a, b, c, d", []), ("scope, /, a, b, c, *, d, e", ["f"]), ("scope, a, b, c, d, **e", ["f"])],
)
def test_all_kinds_of_arguments_count(arguments: str, found: list[str]) -> None:
    marked = ast.parse(f"@part\ndef f({arguments}): ...")
    plain = ast.parse(f"def f({arguments}): ...")
    assert _too_many_arguments(marked) == found
    assert _too_many_arguments(plain) == []
    assert _too_many_arguments(plain, of_a_kind=True) == found
    assert _too_many_arguments(ast.parse(f"def _f({arguments}): ..."), of_a_kind=True) == []
