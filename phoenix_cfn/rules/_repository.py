"""The files of a template's repository: the template that a pipeline deploys, and the buildspec that CodeBuild runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from phoenix_cfn.cloudformation.documents import parse
from phoenix_cfn.cloudformation.values import Text, marked


@dataclass(frozen=True)
class Deployed:
    """A template on disk, as data, and where it is."""

    path: Path
    template: dict[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        found = self.template.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def types(self) -> set[str]:
        kinds = (raw.get("Type") for raw in self.section("Resources").values() if isinstance(raw, dict))
        return {kind for kind in kinds if isinstance(kind, str)}


@dataclass(frozen=True)
class Buildspec:
    """A buildspec: its text, and its parsed document."""

    text: str
    document: dict[str, Any]

    @property
    def commands(self) -> list[str]:
        """All shell commands of all phases, in order."""
        phases = self.document.get("phases")
        found: list[str] = []
        for phase in phases.values() if isinstance(phases, dict) else ():
            for key in ("commands", "finally"):
                commands = phase.get(key) if isinstance(phase, dict) else None
                found += [str(command) for command in commands] if isinstance(commands, list) else []
        return found

    @property
    def artifacts(self) -> dict[str, dict[str, Any]]:
        """The artifacts by name; the name of the primary artifact is empty."""
        primary = self.document.get("artifacts")
        if not isinstance(primary, dict):
            return {}
        others = primary.get("secondary-artifacts")
        named = (
            {str(key): value for key, value in others.items() if isinstance(value, dict)}
            if isinstance(others, dict)
            else {}
        )
        return {"": primary, **named}

    def environment(self, kind: str) -> list[str]:
        """The names under env: variables, parameter-store, secrets-manager or exported-variables."""
        env = self.document.get("env")
        found = env.get(kind) if isinstance(env, dict) else None
        return [str(name) for name in found] if isinstance(found, (dict, list)) else []


def ancestors(filename: str | None) -> list[Path]:
    """The folders above a template, the nearest first, up to the repository's root.

    The root contains .git, or, in a copy without it, cfn-lint's configuration. Without either there is no root.
    """
    if not filename:
        return []
    try:
        folders = list(Path(filename).resolve().parents)
        for mark in (".git", ".cfnlintrc"):
            for number, folder in enumerate(folders, start=1):
                if (folder / mark).exists():
                    return folders[:number]
    except (OSError, ValueError):
        pass
    return []


def find(filename: str | None, path: str) -> Path | None:
    """The file for a path in the source: in the nearest folder above the template that contains it."""
    for folder in ancestors(filename):
        try:
            candidate = folder / path
            if candidate.is_file():
                return candidate
        except (OSError, ValueError):
            return None
    return None


def is_nested(filename: str | None) -> bool:
    """Whether a template in the folder of this one, or above it, has this one as a nested stack."""
    if not filename:
        return False
    names_it = re.compile(rf"(?<![\w.-]){re.escape(Path(filename).name)}\b")
    try:
        own = Path(filename).resolve()
        for path in (path for folder in ancestors(filename) for path in folder.iterdir()):
            if path.suffix not in (".yml", ".yaml", ".json", ".template") or path == own or not path.is_file():
                continue
            content = path.read_text(encoding="utf-8", errors="replace")
            if "AWS::CloudFormation::Stack" in content and names_it.search(content):
                return True
    except (OSError, ValueError):
        pass
    return False


@lru_cache(maxsize=32)
def _parsed(path: Path, _changed: int, _size: int) -> tuple[str, Any]:
    content = path.read_text(encoding="utf-8")
    return content, parse(content)


def read(path: Path) -> tuple[str, Any] | None:
    try:
        status = path.stat()
        return _parsed(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        return None


def read_template(filename: str | None, path: str) -> Deployed | None:
    found = find(filename, path)
    content = read(found) if found else None
    if found is None or content is None or not isinstance(content[1], dict):
        return None
    return Deployed(found, content[1]) if isinstance(content[1].get("Resources"), dict) else None


def read_buildspec(filename: str | None, literal: str | None, spelled: Text | None) -> Buildspec | None:
    """The buildspec of a project: a file, or inline."""
    if literal is not None and "\n" not in literal and re.fullmatch(r"[\w./-]+", literal.strip()):
        found = find(filename, literal.strip())
        content = read(found) if found else None
    elif spelled is not None:
        content = (marked(spelled), parse(marked(spelled)))
    else:
        content = None
    if content is None or not isinstance(content[1], dict) or "phases" not in content[1]:
        return None
    return Buildspec(content[0], content[1])
