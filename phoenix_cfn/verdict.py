"""A cache of clean results of the gate: a build without changes does not run cfn-lint again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import yaml

import phoenix_cfn
from phoenix_cfn.cfnlintrc import FILE
from phoenix_cfn.cloudformation.schemas import cfn_lint_version

_VERDICT = Path(".cache", "gate")
# Files of this package that the result depends on.
_JUDGES = ("rules", "cloudformation", "gate.py")


def digest(root: Path, files: Mapping[str, bytes], inputs: tuple[str, ...]) -> str:
    """A hash of all inputs of the result.

    `files`: the templates and .cfnlintrc to write, by path in the project. `inputs`: the paths of other files that the
    rules read.
    """
    package = os.path.dirname(phoenix_cfn.__file__)
    places = [os.path.join(root, each) for each in inputs] + [os.path.join(package, each) for each in _JUDGES]
    places += _named_in(files.get(FILE, b""), root)
    parts: list[tuple[str, bytes]] = [("cfn-lint", cfn_lint_version().encode()), *sorted(files.items())]
    parts += [
        # A project that is moved or copied keeps its result.
        (path.removeprefix(f"{root}{os.sep}"), Path(path).read_bytes())
        for path in sorted({path for each in set(places) for path in _files(each)})
    ]
    summary = hashlib.sha256()
    for name, content in parts:
        summary.update(f"{name}\0{len(content)}\0".encode() + content)
    return summary.hexdigest()


def _named_in(configuration: bytes, root: Path) -> Iterator[str]:
    """The files and folders that a .cfnlintrc adds: rules and schemas of the project."""
    try:
        found = yaml.safe_load(configuration)
    except yaml.YAMLError:
        return
    settings = found if isinstance(found, dict) else {}
    for key in ("append_rules", "custom_rules", "override_spec", "registry_schemas"):
        named = settings.get(key)
        for each in named if isinstance(named, list) else [named] if isinstance(named, str) else []:
            place = os.path.join(root, os.path.expanduser(str(each)))
            yield place if os.path.exists(place) else _module(str(each)) or place


def _module(name: str) -> str | None:
    with contextlib.suppress(ImportError, ValueError):
        spec = find_spec(name)
        if spec and spec.origin:
            folder, file = os.path.split(spec.origin)
            return folder if file == "__init__.py" else spec.origin
    return None


def _files(place: str) -> Iterator[str]:
    """A file, or the files in a folder without Python's bytecode; nothing if it does not exist."""
    if os.path.isfile(place):
        yield place
    for folder, folders, names in os.walk(place):
        folders[:] = [each for each in folders if each != "__pycache__"]
        yield from filter(os.path.isfile, (os.path.join(folder, each) for each in names))


def is_known_clean(root: Path, verdict: str) -> bool:
    """Whether exactly these templates have passed before; only clean results are stored."""
    try:
        return (root / _VERDICT).read_text(encoding="ascii") == verdict
    except (OSError, UnicodeDecodeError):
        return False


def remember_clean(root: Path, verdict: str) -> None:
    """Stores the result for the next build. If it cannot be written, the next build runs cfn-lint again."""
    with contextlib.suppress(OSError):
        (root / _VERDICT).parent.mkdir(exist_ok=True)
        (root / _VERDICT).write_text(verdict, encoding="ascii")
