"""The parts of a template that are processed only when it is deployed: transforms and macro calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LANGUAGE = "AWS::LanguageExtensions"
"""The transform that this package supports."""


def transforms(template: Mapping[str, Any]) -> list[str]:
    """The names of a template's transforms."""
    named = template.get("Transform", [])
    found = [
        each.get("Name", each) if isinstance(each, Mapping) else each
        for each in (named if isinstance(named, list) else [named])
    ]
    return [str(each) for each in found]


def macros(template: Mapping[str, Any]) -> Iterator[str]:
    """The transforms and macro calls with unknown results, in words."""
    yield from (f"the transform {name}" for name in transforms(template) if name != LANGUAGE)
    if "Fn::Transform" in template or calls_a_macro(template.get("Resources")):
        yield "Fn::Transform"


def calls_a_macro(node: Any) -> bool:
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            if "Fn::Transform" in each:
                return True
            pending.extend(each.values())
        elif isinstance(each, list):
            pending.extend(each)
    return False
