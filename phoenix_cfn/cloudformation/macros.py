"""What of a template is written only when it is deployed: transforms and calls of macros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LANGUAGE = "AWS::LanguageExtensions"
"""The transform whose loops and functions are read here."""


def transforms(template: Mapping[str, Any]) -> list[str]:
    """The transforms that a template names."""
    named = template.get("Transform", [])
    found = [
        each.get("Name", each) if isinstance(each, Mapping) else each
        for each in (named if isinstance(named, list) else [named])
    ]
    return [str(each) for each in found]


def macros(template: Mapping[str, Any]) -> Iterator[str]:
    """The transforms and calls of macros that write what this package does not know, as a person names them."""
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
