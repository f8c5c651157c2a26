"""Cursors over a template: the value at a place in one scenario, and the path by which cfn-lint finds its line."""

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
"""The value of a place where the template has nothing, or AWS::NoValue."""

# Attributes of a resource whose references make CloudFormation create the other resource first.
_DEPENDING = ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy")


class Node:
    """A place in a template, and its value in this scenario.

    Reading never fails: a key that is not there, or that has no keys, gives a Node without a value. Fn::If is followed
    to the branch that applies, and AWS::NoValue is no value. Where the scenario does not decide an Fn::If, the value is
    that function.
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
        """Whether there is a value that cannot be looked into: a function, or something that is no list nor object."""
        return self.given and (is_function(self.raw) or not isinstance(self.raw, (dict, list)))

    @property
    def items(self) -> list[Node]:
        """The members of a list, nothing left out but AWS::NoValue; of a single value, that value; else nothing.

        A member that is an Fn::If with a list in its branch counts with that list's members.
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
        """Whether the members are all known: a list that no function computes."""
        return isinstance(self.raw, list)

    @property
    def keys(self) -> list[str]:
        if isinstance(self.raw, dict) and not is_function(self.raw):
            return [key for key in self.raw if isinstance(key, str)]
        return []

    @property
    def text(self) -> Text | None:
        """The value as text with references; None for nothing, for an object and for a list."""
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
        """Whether there is a value, but not one that the template determines."""
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
        """What the value names in this scenario."""
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
        """The property that sets the physical name; for a type whose naming is not known here, `Name`."""
        naming = NAMES.get(self.type)
        return self[naming.property if naming is not None else "Name"]

    @property
    def here(self) -> Node:
        """The resource as a place to report at."""
        return Node(self.stack, self.whole, ["Resources", self.id])

    def references(self) -> Iterator[Reference]:
        """What the resource names in this scenario, by its properties and by its attributes."""
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
        """The resources, parameters and pseudo parameters that the resource names."""
        return self.stack.once(
            f"named by {self.id}",
            lambda: {reference.target for reference in self.references() if reference.function != "Condition"},
        )
