"""What the registry schema says of the form of a property: which lists have no order, which texts are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING: Mapping[str, Any] = {}


class Shape:
    """The schema of a property, or of a part of one. Without a schema, nothing is known of it."""

    __slots__ = ("_node", "_root", "_tags")

    def __init__(
        self, root: Mapping[str, Any] = _NOTHING, node: Mapping[str, Any] = _NOTHING, tags: bool = False
    ) -> None:
        self._root, self._tags = root, tags
        self._node = self._resolved(node)

    @classmethod
    def of(cls, schema: Mapping[str, Any] | None) -> Shape:
        """The shape of the properties of a resource type."""
        return cls(schema, schema) if schema else cls()

    def _resolved(self, node: Any) -> Mapping[str, Any]:
        for _ in range(10):
            reference = node.get("$ref") if isinstance(node, Mapping) else None
            if not isinstance(reference, str):
                break
            node = self._root.get("definitions", {}).get(reference.rpartition("/")[2], {})
        return node if isinstance(node, Mapping) else {}

    def member(self, name: str) -> Shape:
        properties = self._node.get("properties", {})
        tags = self._node is self._root and self._tag_property == name
        if name in properties:
            return Shape(self._root, properties[name], tags)
        for each in self._alternatives:
            if name in each.get("properties", {}):
                return Shape(self._root, each["properties"][name], tags)
        patterns = self._node.get("patternProperties", {})
        return Shape(self._root, next(iter(patterns.values()))) if patterns else Shape(tags=tags)

    def knows(self, name: str) -> bool:
        """Whether the type has a property of this name."""
        return not self._node or name in self._node.get("properties", {}) or bool(self._alternatives)

    def items(self) -> Shape:
        return Shape(self._root, self._node.get("items", {}))

    @property
    def _alternatives(self) -> list[Mapping[str, Any]]:
        return [
            self._resolved(each)
            for keyword in ("oneOf", "anyOf", "allOf")
            for each in self._node.get(keyword, ())
            if isinstance(each, Mapping) and ("properties" in each or "$ref" in each)
        ]

    @property
    def _tag_property(self) -> str:
        return str(self._root.get("tagging", {}).get("tagProperty", "/properties/Tags")).rpartition("/")[2]

    @property
    def unordered(self) -> bool:
        """Whether the order of the members of a list means nothing."""
        return self._tags or self._node.get("insertionOrder") is False

    @property
    def is_document(self) -> bool:
        """Whether a JSON text and the object that it writes are the same."""
        kind = self._node.get("type")
        return "object" in kind if isinstance(kind, list) else kind == "object" or not self._node

    @property
    def default(self) -> Any:
        return self._node.get("default")

    def equal(self, one: str, other: str) -> bool:
        """Whether two texts are the same value of this kind."""
        kinds = self._node.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if one == other:
            return True
        if "string" not in kinds and ("integer" in kinds or "number" in kinds):
            try:
                return float(one) == float(other)
            except ValueError:
                return False
        return kinds == ["boolean"] and one.lower() == other.lower()
