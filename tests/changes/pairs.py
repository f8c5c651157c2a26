"""The truth table: pairs of templates, and what CloudFormation does by AWS's documentation; in pairs/*.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from phoenix_cfn.cloudformation.documents import _Loader

FOLDER = Path(__file__).parent / "pairs"


@dataclass(frozen=True)
class Pair:
    """`outcomes` and `data` are by logical id; `set_old` and `set_new` are the values of parameters."""

    name: str
    source: str
    old: dict[str, Any]
    new: dict[str, Any]
    outcomes: dict[str, str]
    data: dict[str, str | None] = field(default_factory=dict)
    set_old: dict[str, str] = field(default_factory=dict)
    set_new: dict[str, str] = field(default_factory=dict)


def pairs() -> list[Pair]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), _Loader):
            about = document.pop("about")
            found.append(Pair(f"{path.stem}: {about}", **document))
    return found
