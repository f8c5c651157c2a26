"""The template that parts add to: troposphere's, with the stage's tags and the author of each resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from troposphere import AWSObject, Parameter, Ref, Template

from phoenix_cfn.order import create_last
from phoenix_cfn.tags import add_tags

Added = TypeVar("Added", bound=AWSObject)

# Explicit for resources with state: they are deleted with the stage. Only the database leaves a final snapshot.
GOES_WITH_THE_STACK: dict[str, Any] = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def suppress(cfn_lint: dict[str, str] | None = None, checkov: dict[str, str] | None = None) -> dict[str, Any]:
    """A resource's Metadata that disables checks, with the reasons: {check: why it does not apply here}."""
    metadata: dict[str, Any] = {}
    if cfn_lint:
        metadata["cfn-lint"] = {"config": {"ignore_checks": list(cfn_lint), "reasons": cfn_lint}}
    if checkov:
        metadata["checkov"] = {"skip": [{"id": check, "comment": reason} for check, reason in checkov.items()]}
    return metadata


class StageTemplate(Template):
    """A troposphere Template for one stage.

    All resources that support tags get `Project` and `Stage`. `authors` has the part that wrote each resource and
    parameter: for findings, and for the section headings of the rendered file.
    """

    def __init__(self, description: str, project: str) -> None:
        super().__init__(Description=description)
        self.set_version()
        self.project = project
        self.authors: dict[str, str] = {}
        self._author = "your own code"
        self._last: list[list[str]] = []

    @contextmanager
    def written_by(self, author: str) -> Iterator[None]:
        """Records `author`, such as `module.function`, for resources and parameters that are added in this context."""
        outer, self._author = self._author, author
        try:
            yield
        finally:
            self._author = outer

    def add_resource(self, resource: Added) -> Added:  # type: ignore[override]  # one at a time: each has its author
        add_tags(resource, {"Project": self.project, "Stage": Ref("StagePrefix")})
        self.authors[str(resource.title)] = self._author
        return super().add_resource(resource)

    def add_parameter(self, parameter: Parameter) -> Parameter:  # type: ignore[override]
        self.authors[str(parameter.title)] = self._author
        return super().add_parameter(parameter)

    def types(self) -> set[str]:
        """The resource types in the template so far."""
        return {resource.resource_type for resource in self.resources.values() if resource.resource_type}

    def create_last(self, *resources: AWSObject) -> None:
        """Creates these resources after all that do not need them, including those that are added later."""
        self._last.append([str(resource.title) for resource in resources])

    def to_dict(self) -> dict[str, Any]:
        """The template as plain data, with its sections in the order of reading."""
        plain: dict[str, Any] = super().to_dict()
        story = (
            "AWSTemplateFormatVersion",
            "Description",
            "Transform",
            "Metadata",
            "Parameters",
            "Rules",
            "Mappings",
            "Conditions",
            "Resources",
            "Outputs",
        )
        groups = [[title for title in titles if title in plain["Resources"]] for titles in self._last]
        create_last(plain["Resources"], groups)
        plain["Resources"] = {title: _in_order(resource) for title, resource in plain["Resources"].items()}
        return {section: plain[section] for section in story if section in plain}


def _in_order(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource in the order of reading: type, condition, and then the other attributes."""
    return {"Type": resource["Type"], **{key: resource[key] for key in resource if key != "Properties"}, **resource}
