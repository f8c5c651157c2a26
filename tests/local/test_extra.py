"""The extra `local` installs what phoenix_cfn/local imports."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from phoenix_cfn import local

# Runs in a container, with packages of its own.
_IN_A_CONTAINER = Path(local.__file__).parent / "images/documentdb.py"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(distribution: str, extra: str = "") -> Iterator[str]:
    try:
        lines = requires(distribution) or []
    except PackageNotFoundError:  # needed by another version of Python only
        lines = []
    for line in lines:
        marker = re.search(r"extra\s*==\s*['\"]([\w-]+)", line)
        if marker is None or marker[1] == extra:
            yield _normal(re.split(r"[^\w.-]", line, maxsplit=1)[0])


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_every_import_is_installed() -> None:
    """By the package, by the extra, or by what these require themselves, such as botocore by boto3."""
    direct = set(_required("phoenix_cfn", "local"))
    assert {"ministack", "docker", "boto3", "cryptography"} <= direct
    installed = direct | {each for name in direct for each in _required(name)}
    distributions = packages_distributions()
    for path in sorted(Path(local.__file__).parent.rglob("*.py")):
        if path == _IN_A_CONTAINER:
            continue
        for module in set(_imported(path)) - {"phoenix_cfn", *sys.stdlib_module_names}:
            assert {_normal(each) for each in distributions.get(module, [])} & installed, (
                f"{path.name} imports {module}"
            )
