"""What the corrections use of MiniStack beside its API, found in their code, and how it looks in the installed release.

`python -m tests.local.aws.contract` writes the record of it, which the next release is compared with.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phoenix_cfn.local import aws

RECORD = Path(__file__).with_name("ministack.json")
_CORRECTIONS = Path(aws.__file__).parent


def used() -> dict[str, set[str]]:
    """Each name of a module of MiniStack, and each resource type whose handler is extended -> the files that use it."""
    found: dict[str, set[str]] = {}
    for path in sorted(_CORRECTIONS.glob("*.py")):
        for name in _names(ast.parse(path.read_text(encoding="utf-8")), of_itself=path.stem == "ministack"):
            found.setdefault(name, set()).add(path.name)
    return found


def _names(tree: ast.Module, of_itself: bool) -> Iterator[str]:
    modules = {target: target for target in _assigned(tree, "_module")} if of_itself else _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if (module := _module_of(node.value, modules)) is not None:
                yield f"{module}.{node.attr}"
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_handlers(node.value):
            yield from _types([node.slice])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "extend":
            yield from _types(node.args[:1])


def _assigned(tree: ast.Module, function: str) -> Iterator[str]:
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == function
        ):
            yield node.targets[0].id


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Variables that stand for a module of MiniStack, such as `engine = ministack.cfn_engine`."""
    return {
        node.targets[0].id: node.value.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Attribute)
        and _is_ministack(node.value.value)
    }


def _module_of(node: ast.expr, modules: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return modules.get(node.id)
    if isinstance(node, ast.Attribute) and _is_ministack(node.value) and node.attr != "handlers":
        return node.attr
    return None


def _is_ministack(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "ministack"


def _is_handlers(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and _is_ministack(node.value) and node.attr == "handlers"


def _types(nodes: list[ast.expr]) -> Iterator[str]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    yield from (each for each in values if isinstance(each, str) and each.startswith("AWS::"))


def seen() -> dict[str, list[str]]:
    """How each used name looks: for functions the parameters and a digest of the code, else the type.

    MiniStack must not have been corrected in this process.
    """
    from phoenix_cfn.local.aws import ministack

    return {name: look(ministack, name) for name in sorted(used())}


def look(ministack: Any, name: str) -> list[str]:
    """An empty list for a name that does not exist."""
    if name.startswith("AWS::"):
        handler = ministack.handlers.get(name)
        return [] if handler is None else [f"{key}{_function(each)}" for key, each in sorted(handler.items())]
    module, _, attribute = name.partition(".")
    found = getattr(getattr(ministack, module, None), attribute, _MISSING)
    if found is _MISSING:
        return []
    return [_function(found)] if inspect.isroutine(found) else [type(found).__name__]


_MISSING = object()


def _function(found: Any) -> str:
    """Parameters, and a digest of the source, as each Python writes them."""
    if not inspect.isroutine(found):
        return f": {found!r}"
    source = "".join(inspect.getsource(found).split())
    return f"({', '.join(_parameters(found))}) {hashlib.sha256(source.encode()).hexdigest()[:8]}"


def _parameters(found: Any) -> Iterator[str]:
    stars: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    for each in inspect.signature(found).parameters.values():
        keyword = "*, " if each.kind is inspect.Parameter.KEYWORD_ONLY else ""
        yield f"{keyword}{stars.get(each.kind, '')}{each.name}{'' if each.default is each.empty else '=...'}"


def changes(recorded: dict[str, list[str]], present: dict[str, list[str]]) -> list[str]:
    """A line for each name that a MiniStack lacks or has otherwise, with the files to read."""
    files = used()
    lines = []
    for name in sorted({*recorded, *present}):
        before, now = recorded.get(name), present.get(name)
        if before != now:
            places = ", ".join(sorted(files.get(name, {"no file any more"})))
            lines.append(f"{name} ({places}): recorded {_text(before)}; found {_text(now)}")
    return lines


def _text(look: list[str] | None) -> str:
    return "nothing" if not look else "; ".join(look)


def main() -> None:
    """In a process of its own: corrections replace what is recorded."""
    record = {"ministack": version("ministack"), "names": seen()}
    if sys.argv[1:] == ["--print"]:
        print(json.dumps(record))
    else:
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("STATE_DIR", os.devnull)
    main()
