"""Values of a template for which a wildcard would be too wide: unknown values are errors."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.iam.identity import NAMES
from phoenix_cfn.iam.registry import registered_type, tag_property, tags_count
from phoenix_cfn.iam.resources import Template, UnknownValueError

_SECRET = "AWS::SecretsManager::Secret"


class ExactTemplate(Template):
    """A template for which unknown values are errors, not wildcards: for the permissions of its roles.

    A reference to a resource matches only this resource. If AWS generates its id, only tags distinguish the resource
    from others: `by_tags` collects these resources while values are resolved.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str]) -> None:
        super().__init__(template, values)
        self.by_tags: set[str] = set()

    def tags(self, logical_id: str) -> dict[str, str]:
        """A resource's tags with known values."""
        tags = self.properties(logical_id).get(tag_property(self.resources[logical_id]["Type"]))
        every = tags.items() if isinstance(tags, dict) else [(tag["Key"], tag["Value"]) for tag in tags or []]
        found = {}
        for key, value in every:
            with contextlib.suppress(UnknownValueError):
                found[str(key)] = self.resolve(value)
        return found

    def _unknown(self, what: str, remedy: str = "") -> str:
        raise UnknownValueError(what, remedy)

    def _parameter(self, name: str) -> str:
        # A parameter that the pipeline does not pass has its default.
        default = self.parameters.get(name, {}).get("Default")
        if default in (None, ""):
            return self._unknown(f"the parameter {name}", "Set a default for the parameter.")
        return str(default)

    def _id(self, logical_id: str) -> str:
        registered = registered_type(self.resources[logical_id]["Type"])
        if registered and registered.name:
            return self._property(registered.name, logical_id)
        return self._made_up(logical_id)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        registered = registered_type(self.resources[logical_id]["Type"]) if logical_id in self.resources else None
        if registered and attribute in registered.arns:
            return self._own_arn(logical_id)
        return super()._attribute(logical_id, attribute)

    def _own_arn(self, logical_id: str) -> str:
        registered = registered_type(self.resources[logical_id]["Type"])
        itself = registered.owned if registered else self._itself(logical_id)
        if "{" not in itself.path:
            self._made_up(logical_id)
        return self._arn(itself, logical_id)

    def _property(self, name: str, logical_id: str) -> str:
        if name in self.properties(logical_id):
            return self._resolve(self.properties(logical_id)[name])
        resource_type = self.resources[logical_id]["Type"]
        raise _unnamed(logical_id, resource_type, name)

    def _made_up(self, logical_id: str) -> str:
        """The `*` for an id, if the resource has tags that its service evaluates."""
        resource_type = self.resources[logical_id]["Type"]
        if not self.tags(logical_id) or not tags_count(resource_type):
            raise UnknownValueError(
                f"the id that AWS generates for {logical_id} ({resource_type}), which has no tags to identify it",
                f"Add the tags Project and Stage to its property {tag_property(resource_type)}."
                if tags_count(resource_type)
                else "Remove it from the permissions of the role.",
            )
        self.by_tags.add(logical_id)
        return "*"

    def _generated_name(self, logical_id: str, exact: bool = True) -> str:
        resource_type = self.resources[logical_id]["Type"]
        if resource_type == _SECRET:
            # The generated name contains only the logical id.
            self._made_up(logical_id)
            return f"{logical_id}-*"
        name = super()._generated_name(logical_id, exact)
        if name == "*":
            raise _unnamed(logical_id, resource_type, NAMES[resource_type].property)
        return name


def _unnamed(logical_id: str, resource_type: str, name: str) -> UnknownValueError:
    return UnknownValueError(
        f"the name that CloudFormation generates for {logical_id} ({resource_type})",
        f"Set its property {name} to a name that begins with ${{StagePrefix}}.",
    )
