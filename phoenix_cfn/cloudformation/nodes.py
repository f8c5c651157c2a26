"""Nodes of a template: the value at a place in one scenario, and its path, from which cfn-lint finds the line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .functions import is_function, is_no_value
from .names import NAMES
from .references import Reference, references
from .values import Text

if TYPE_CHECKING:
    from .stack import Stack

Path = list[str | int]

MISSING: Any = object()
"""The value of a place without a value, or with AWS::NoValue."""

# Attributes of a resource whose references are dependencies.
_DEPENDING = ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy")


class Node:
    """A place in a template, and its value in this scenario.

    Reading never fails: a missing key is a Node without a value. An Fn::If is replaced with its selected branch, and
    AWS::NoValue is no value. If the scenario does not select a branch, the value is the Fn::If.
    """

    __slots__ = ("path", "raw", "stack")

    def __init__(self, stack: Stack, raw: Any, path: Path) -> None:
        for _ in range(20):
            if not (isinstance(raw, dict) and len(raw) == 1):
                break
            branches = raw.get("Fn::If")
            if not (isinstance(branches, list) and len(branches) == 3):
                break
            holds = stack.holds(branches[0])
            if holds is None:
                break
            index = 1 if holds else 2
            raw, path = branches[index], [*path, "Fn::If", index]
        if is_no_value(raw):
            raw = MISSING
        self.stack, self.raw, self.path = stack, raw, path

    def __getitem__(self, key: str | int) -> Node:
        raw = MISSING
        if isinstance(self.raw, dict) and not is_function(self.raw):
            raw = self.raw.get(key, MISSING)
        elif isinstance(self.raw, list) and isinstance(key, int) and -len(self.raw) <= key < len(self.raw):
            raw = self.raw[key]
        return Node(self.stack, raw, [*self.path, key])

    def at(self, *keys: str | int) -> Node:
        node = self
        for key in keys:
            node = node[key]
        return node

    @property
    def given(self) -> bool:
        return self.raw is not MISSING and self.raw is not None

    @property
    def opaque(self) -> bool:
        """Whether there is a value without members: a function, or neither a list nor an object."""
        return self.given and (is_function(self.raw) or not isinstance(self.raw, (dict, list)))

    @property
    def items(self) -> list[Node]:
        """The members of a list without AWS::NoValue; a single value; or nothing.

        An Fn::If with a list in its branch is replaced with the members of that list.
        """
        found: list[Node] = []
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            if isinstance(node.raw, list):
                pending.extend(node[index] for index in reversed(range(len(node.raw))))
            elif node.given:
                found.append(node)
        return found

    @property
    def listed(self) -> bool:
        """Whether all members are known: the list is not the result of a function."""
        return isinstance(self.raw, list)

    @property
    def keys(self) -> list[str]:
        if isinstance(self.raw, dict) and not is_function(self.raw):
            return [key for key in self.raw if isinstance(key, str)]
        return []

    @property
    def text(self) -> Text | None:
        """The value as text with references; None for no value, an object, and a list."""
        return self.stack.text(self.raw) if self.given else None

    @property
    def literal(self) -> str | None:
        """The value as a string, if it is known."""
        value = self.text
        return value.literal if value else None

    @property
    def number(self) -> float | None:
        """The value as a number, if it is known and is one."""
        try:
            value = float(self.literal or "")
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    @property
    def true(self) -> bool:
        return (self.literal or "").lower() == "true"

    @property
    def false(self) -> bool:
        return (self.literal or "").lower() == "false"

    @property
    def unknown(self) -> bool:
        """Whether there is a value that the template does not determine."""
        return self.given and self.literal is None

    def walk(self) -> Iterator[Node]:
        """This node and all below it; functions are not entered."""
        stack = [self]
        while stack:
            node = stack.pop()
            if not node.given:
                continue
            yield node
            if isinstance(node.raw, list):
                stack.extend(node[index] for index in range(len(node.raw)))
            elif isinstance(node.raw, dict) and not is_function(node.raw):
                stack.extend(node[key] for key in node.raw)

    def texts(self) -> Iterator[tuple[Node, Text]]:
        """The nodes at and below this one that have a text, with it."""
        for node in self.walk():
            value = node.text
            if value is not None:
                yield node, value

    def references(self) -> Iterator[Reference]:
        """The references in the value, in this scenario."""
        return references(self.raw, tuple(self.path), self.stack.holds)


class Resource(Node):
    """A resource that exists in this scenario; the cursor is at its Properties."""

    __slots__ = ("id", "type", "whole")

    def __init__(self, stack: Stack, logical_id: str, raw: dict[str, Any]) -> None:
        super().__init__(stack, raw.get("Properties", MISSING), ["Resources", logical_id, "Properties"])
        self.id = logical_id
        kind = raw.get("Type")
        self.type = kind if isinstance(kind, str) else ""
        self.whole = raw

    def attribute(self, name: str) -> Node:
        """A resource attribute: DeletionPolicy, DependsOn, Metadata ..."""
        return Node(self.stack, self.whole.get(name, MISSING), ["Resources", self.id, name])

    @property
    def name(self) -> Node:
        """The property of the physical name; `Name` for a type whose naming is unknown."""
        naming = NAMES.get(self.type)
        return self[naming.property if naming is not None else "Name"]

    @property
    def here(self) -> Node:
        """The resource as a place to report at."""
        return Node(self.stack, self.whole, ["Resources", self.id])

    def references(self) -> Iterator[Reference]:
        """The references of the resource in this scenario, in its properties and attributes."""
        for item in self.attribute("DependsOn").items:
            if item.literal:
                yield Reference(tuple(item.path), "DependsOn", item.literal)
        condition = self.whole.get("Condition")
        if isinstance(condition, str):
            yield Reference(("Resources", self.id, "Condition"), "Condition", condition)
        for name in _DEPENDING:
            yield from self.attribute(name).references()

    @property
    def named(self) -> set[str]:
        """The resources, parameters and pseudo parameters that the resource refers to."""
        return self.stack.once(
            f"named by {self.id}",
            lambda: {reference.target for reference in self.references() if reference.function != "Condition"},
        )
