"""A fork's own resources: a Python file, set in phoenix.toml, whose functions receive the handles of both stacks."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.infrastructure import Infrastructure
from phoenix_cfn.pipeline import Pipeline
from phoenix_cfn.scope import Scope

# The functions that the file may define.
INFRASTRUCTURE, PIPELINE = "extend_infrastructure", "extend_pipeline"


class ExtensionError(PhoenixError):
    """An extension that fails, or defines no function."""

    def __init__(self, place: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{place}: found {found}; expected {expected}. {remedy}")


class Extension(Struct, frozen=True):
    """A fork's additions. `path`: the file, or None without one. `functions`: those that the file defines, by name."""

    path: Path | None
    functions: Mapping[str, Callable[[Any], object]]

    @classmethod
    def load(cls, root: Path, file: str) -> Extension:
        """Runs the file, if there is one. Raises ExtensionError if it fails or defines neither function."""
        if not file:
            return cls(None, {})
        path = root / file
        expected = f"a Python file that defines {INFRASTRUCTURE}(infrastructure), {PIPELINE}(pipeline) or both"
        if not path.is_file():
            raise ExtensionError(
                "phoenix.toml, setting 'extension'", f"no file {file!r}", expected, "Correct the path."
            )
        module = ModuleType(f"phoenix_extension_{path.stem}")
        module.__file__ = str(path)
        # Python resolves the annotations of a dataclass here.
        sys.modules[module.__name__] = module
        _run(path, lambda: exec(compile(path.read_bytes(), path, "exec"), vars(module)))
        functions = {
            name: vars(module)[name] for name in (INFRASTRUCTURE, PIPELINE) if callable(vars(module).get(name))
        }
        if not functions:
            raise ExtensionError(path.name, "neither function", expected, "Define one of them.")
        return cls(path, functions)

    def extend_infrastructure(self, infrastructure: Infrastructure) -> None:
        """Adds to Infrastructure.yml."""
        self._extend(INFRASTRUCTURE, infrastructure.scope, infrastructure)

    def extend_pipeline(self, pipeline: Pipeline) -> None:
        """Adds to Pipeline.yml."""
        self._extend(PIPELINE, pipeline.scope, pipeline)

    def _extend(self, name: str, scope: Scope, stack: object) -> None:
        if self.path and name in self.functions:
            with scope.part(f"{self.path.stem}.{name}"):
                _run(self.path, lambda: self.functions[name](stack))


def _run(path: Path, action: Callable[[], object]) -> None:
    """Runs code of the extension; its exceptions become one line with file and line number."""
    try:
        action()
    except SyntaxError as error:
        raise ExtensionError(f"{path.name}, line {error.lineno}", error.msg, "Python", "Correct the file.") from error
    except (Exception, SystemExit) as error:
        lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if Path(each.filename) == path]
        place = f"{path.name}, line {lines[-1]}" if lines else path.name
        found = f"{type(error).__name__}: {error}".rstrip(": ")
        raise ExtensionError(place, found, "code without an exception", "Correct the file.") from error
