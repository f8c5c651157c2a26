"""Expands the loops (Fn::ForEach) of a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.errors import PhoenixError

from .documents import MOST_NODES
from .functions import scalar

UNKNOWN_MEMBER = "*"
"""The placeholder for the members of an unknown list: the loop then has one iteration for all of them."""


class LoopError(PhoenixError):
    """A loop with invalid arguments, or with too many values."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"found {found}; expected `Fn::ForEach::Name: [Identifier, [members], {{keys: values}}]`. "
            "Run `phoenix-cfn lint` on the template to find the loop."
        )


def expanded(template: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The template with expanded loops. `values` has the known parameters. Raises LoopError."""
    found: dict[str, Any] = _Loops(template, values).expand(template, {})
    return found


class _Loops:
    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self._parameters, self._mappings = template.get("Parameters", {}), template.get("Mappings", {})
        self._values = values
        self._written = 0

    def expand(self, node: Any, bound: Mapping[str, str]) -> Any:
        self._written += 1
        if self._written > MOST_NODES:
            raise LoopError(f"loops with more than {MOST_NODES:,} values")
        if isinstance(node, str):
            return _filled(node, bound)
        if isinstance(node, list):
            return [self.expand(each, bound) for each in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("Ref")
        if len(node) == 1 and isinstance(reference, str) and reference in bound:
            return bound[reference]
        found: dict[Any, Any] = {}
        for key, value in node.items():
            if isinstance(key, str) and key.startswith("Fn::ForEach"):
                found.update(self._loop(key, value, bound))
            else:
                found[_filled(key, bound) if isinstance(key, str) else key] = self.expand(value, bound)
        return found

    def _loop(self, key: str, value: Any, bound: Mapping[str, str]) -> dict[Any, Any]:
        if not (
            isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[2], dict)
        ):
            raise LoopError(f"the loop {key} with {type(value).__name__} as its value")
        identifier, collection, body = value
        found: dict[Any, Any] = {}
        for member in self._members(collection, bound):
            found.update(self.expand(body, {**bound, identifier: member}))
        return found

    def _members(self, collection: Any, bound: Mapping[str, str]) -> list[str]:
        if isinstance(collection, list):
            return [member for each in collection for member in self._members(each, bound)]
        plain = scalar(collection)
        if plain is not None:
            return [_filled(plain, bound)]
        (function, argument), *_ = collection.items() if isinstance(collection, dict) and collection else (("", ""),)
        if function == "Ref" and isinstance(argument, str):
            if argument in bound:
                return [bound[argument]]
            if argument in self._values:
                return [each.strip() for each in self._values[argument].split(",")]
        if function == "Fn::FindInMap" and isinstance(argument, list) and len(argument) >= 3:
            node = self._mappings
            for name in (self._members(each, bound)[0] for each in argument[:3]):
                node = node.get(name) if isinstance(node, dict) else None
            if node is not None:
                return self._members(node, bound)
        return [UNKNOWN_MEMBER]


def _filled(text: str, bound: Mapping[str, str]) -> str:
    for identifier, member in bound.items():
        text = text.replace(f"${{{identifier}}}", member)
        text = text.replace(f"&{{{identifier}}}", re.sub(r"[^A-Za-z0-9*]", "", member))
    return text
