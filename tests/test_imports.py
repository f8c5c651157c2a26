"""Imports run one way: each part of the package imports only the parts that are listed for it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "phoenix_cfn"

# Each part: the modules that it consists of, with what is below them, and the parts that they may import.
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "errors": (("errors",), ()),
    # What AWS says and how a template is read: everything may use it, and it knows nothing of the generator.
    "cloudformation": (("cloudformation",), ("errors",)),
    "rules": (("rules",), ("cloudformation",)),
    "iam": (("iam",), ("cloudformation", "errors")),
    "costs": (("costs",), ("cloudformation",)),
    "changes": (("changes",), ("costs", "iam", "cloudformation", "errors")),
    "naming": (("naming",), ("cloudformation", "errors")),
    "settings": (("settings", "choices", "contradictions", "environment"), ("naming", "cloudformation", "errors")),
    "scope": (("scope", "template", "tags", "order", "parameters"), ("settings", "naming", "cloudformation", "errors")),
    "common": (("common",), ("scope", "settings", "naming", "cloudformation", "errors")),
    "infrastructure": (("infrastructure",), ("common", "scope", "settings", "naming", "cloudformation", "errors")),
    "pipeline": (
        ("pipeline",),
        ("infrastructure", "common", "scope", "settings", "naming", "iam", "cloudformation", "errors"),
    ),
    "render": (("render",), ("scope", "errors")),
    "project": (
        ("project", "extension"),
        ("render", "pipeline", "infrastructure", "scope", "settings", "iam", "errors"),
    ),
    "processes": (("processes",), ()),
    "gate": (("gate", "verdict", "cfnlintrc"), ("settings", "processes", "cloudformation", "errors")),
    "origin": (("origin",), ()),
    "explanation": (("explanation",), ("rules", "cloudformation", "origin", "errors")),
    "documents": (("picture", "schema"), ("common", "settings", "cloudformation", "errors")),
    "files": (("files",), ("errors",)),
    # The local AWS, a project's stage on it, and the rehearsal that compares it with the preview.
    "local": (("local",), ("changes", "project", "settings", "cloudformation", "errors")),
    "cli": (
        ("cli", "__main__", "iam.__main__"),
        (
            "local",
            "changes",
            "processes",
            "costs",
            "project",
            "documents",
            "files",
            "render",
            "gate",
            "explanation",
            "origin",
            "pipeline",
            "infrastructure",
            "iam",
            "scope",
            "settings",
            "cloudformation",
            "errors",
        ),
    ),
}


def _part(module: str) -> str | None:
    """The part of a module, by its name below the package; None for the package itself."""
    return next((part for name in (module, module.split(".")[0]) for part in PARTS if name in PARTS[part][0]), None)


def _modules() -> list[str]:
    """All modules, by their names below the package."""
    paths = (path.relative_to(ROOT / PACKAGE).with_suffix("") for path in sorted((ROOT / PACKAGE).rglob("*.py")))
    return [name for path in paths if (name := ".".join(path.parts).removesuffix(".__init__")) != "__init__"]


def _path(module: str) -> Path:
    path = ROOT.joinpath(PACKAGE, *module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported(module: str) -> Iterator[str]:
    """The full names that a module imports, wherever in it."""
    path = _path(module)
    package = [PACKAGE, *module.split(".")]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + (path.name == "__init__.py")] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _parts_imported(module: str) -> set[str]:
    names = [name.partition(".")[2] for name in _imported(module) if name.partition(".")[0] == PACKAGE]
    # `from phoenix_cfn import Settings` imports the settings.
    return {part for name in names if (part := "settings" if name == "Settings" else _part(name)) is not None}


@pytest.mark.parametrize("module", _modules())
def test_a_module_imports_only_what_its_part_may(module: str) -> None:
    part = _part(module)
    assert part is not None, f"{module} belongs to no part: add it to PARTS"
    allowed = {part, *PARTS[part][1]}
    assert _parts_imported(module) <= allowed


def test_parts_do_not_import_each_other_in_a_circle() -> None:
    done: set[str] = set()
    for part, (_, allowed) in PARTS.items():
        assert set(allowed) <= done, f"{part} is listed before what it imports"
        done.add(part)


@pytest.mark.parametrize("part", ["cloudformation", "rules"])
def test_reading_a_template_needs_nothing_that_writes_one(part: str) -> None:
    for module in _modules():
        if _part(module) == part:
            assert not {name.split(".")[0] for name in _imported(module)} & {"troposphere", "awacs"}, module


def test_reading_a_template_does_not_import_cfn_lint() -> None:
    modules = [f"{PACKAGE}.{module}" for module in _modules() if _part(module) == "cloudformation"]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in result.stdout.split()}
    assert "yaml" in loaded
    assert not loaded & {"cfnlint", "troposphere", "awacs"}
