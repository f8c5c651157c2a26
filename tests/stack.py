"""A template as its reader sees it: resources by logical id or by type, properties by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from phoenix_cfn.template import StageTemplate


class Stack:
    """Plain data of one template, with functions that the tests use."""

    def __init__(self, template: StageTemplate) -> None:
        self.data: dict[str, Any] = template.to_dict()
        self.parameters: dict[str, Any] = self.data["Parameters"]
        self.resources: dict[str, Any] = self.data["Resources"]
        self.outputs: dict[str, Any] = self.data["Outputs"]

    def properties(self, logical_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[logical_id].get("Properties", {})
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (found,) = self.of_type(kind).values()
        return found

    def statements(self, role: str) -> list[dict[str, Any]]:
        return [each for policy in self.properties(role)["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def ref(logical_id: str) -> dict[str, str]:
    return {"Ref": logical_id}


def get_att(logical_id: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value in plain data, with the way to it."""
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from walk(each, (*path, str(key)))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from walk(each, (*path, str(index)))


def text(value: Any) -> str:
    return json.dumps(value)
