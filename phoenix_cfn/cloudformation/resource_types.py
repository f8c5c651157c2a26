"""Facts of resource types from the CloudFormation registry.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from . import schemas

PropertyPath = tuple[str, ...]
"""A property path below Properties, such as ("Endpoint", "Address"); `*` is each member of a list."""


@dataclass(frozen=True)
class ResourceType:
    """The facts of one type. `schema` is the registry schema; the properties are read from it on first use."""

    name: str
    schema: Mapping[str, Any]

    @cached_property
    def create_only(self) -> frozenset[PropertyPath]:
        """A change of these replaces the resource."""
        return self._paths("createOnlyProperties")

    @cached_property
    def conditional_create_only(self) -> frozenset[PropertyPath]:
        """A change of these replaces the resource in some cases."""
        return self._paths("conditionalCreateOnlyProperties")

    @cached_property
    def read_only(self) -> frozenset[PropertyPath]:
        """AWS sets these; a template reads them with Fn::GetAtt."""
        return self._paths("readOnlyProperties")

    @cached_property
    def write_only(self) -> frozenset[PropertyPath]:
        """AWS does not return these."""
        return self._paths("writeOnlyProperties")

    @cached_property
    def primary_identifier(self) -> tuple[PropertyPath, ...]:
        """The properties that identify a resource of this type, in order."""
        return tuple(map(_path, self.schema.get("primaryIdentifier", ())))

    @cached_property
    def permissions(self) -> dict[str, frozenset[str]]:
        """The actions that CloudFormation calls, by handler: create, read, update, delete, list.

        Empty for a type whose schema has no handlers. A type without `update` cannot be updated in place.
        """
        handlers: Mapping[str, Any] = self.schema.get("handlers", {})
        return {name: frozenset(known.get("permissions", ())) for name, known in handlers.items()}

    @property
    def deleted_first(self) -> bool:
        """Whether a replacement deletes the old resource before it creates the new one."""
        return bool(self.schema.get("replacementStrategy") == "delete_then_create")

    @property
    def tag_property(self) -> PropertyPath | None:
        """The property that holds the tags; None for a type without tags."""
        tagging = self._tagging
        return _path(tagging.get("tagProperty", "/properties/Tags")) if tagging.get("taggable") else None

    @property
    def tags_updatable(self) -> bool:
        """Whether the tags of a resource can change while it exists."""
        return bool(self._tagging.get("tagUpdatable", True))

    def member_of(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a list's members; None for a property that is not a list."""
        found = self._resolved(self.schema["properties"].get(name, {}))
        return self._resolved(found["items"]) if "items" in found else None

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.schema["definitions"][schema["$ref"].rpartition("/")[2]]
        return schema

    @property
    def tagged_by_cloudformation(self) -> bool:
        """Whether a resource has the tags of its stack from its creation."""
        return bool(self._tagging.get("cloudFormationSystemTags") and self._tagging.get("tagOnCreate"))

    @property
    def tagging_permissions(self) -> frozenset[str]:
        """The actions that CloudFormation calls to change tags."""
        return frozenset(self._tagging.get("permissions", ()))

    @property
    def _tagging(self) -> Mapping[str, Any]:
        tagging: Mapping[str, Any] = self.schema.get("tagging", {})
        return tagging

    def _paths(self, keyword: str) -> frozenset[PropertyPath]:
        return frozenset(map(_path, self.schema.get(keyword, ())))


def _path(pointer: str) -> PropertyPath:
    return tuple(pointer.removeprefix("/properties/").split("/"))


@cache
def resource_type(name: str) -> ResourceType | None:
    """The facts of a type such as `AWS::ECS::Cluster`; None for a type that is not in the registry of AWS."""
    schema = schemas.resource_schema(name)
    return ResourceType(name, schema) if schema is not None else None
