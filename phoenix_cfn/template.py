"""The template that parts add to: troposphere's, plus the stage's tags and a record of which part wrote what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from troposphere import AWSObject, Parameter, Ref, Template

from phoenix_cfn.order import create_last
from phoenix_cfn.tags import add_tags

Added = TypeVar("Added", bound=AWSObject)

# For what holds state, said aloud: it goes with its stage. Only the database leaves something, its last snapshot.
GOES_WITH_THE_STACK: dict[str, Any] = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def suppress(cfn_lint: dict[str, str] | None = None, checkov: dict[str, str] | None = None) -> dict[str, Any]:
    """A resource's Metadata that switches checks off, each with its reason: {check: why it does not apply here}."""
    metadata: dict[str, Any] = {}
    if cfn_lint:
        metadata["cfn-lint"] = {"config": {"ignore_checks": list(cfn_lint), "reasons": cfn_lint}}
    if checkov:
        metadata["checkov"] = {"skip": [{"id": check, "comment": reason} for check, reason in checkov.items()]}
    return metadata


class StageTemplate(Template):
    """A troposphere Template for one stage.

    Everything that takes tags gets `Project` and `Stage`. `authors` has the part that wrote each resource and
    parameter, so that a finding leads to the Python and the rendered file gets its section headings.
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
        """Records `author`, such as `module.function`, for what is added meanwhile."""
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
        """The resource types that it has so far."""
        return {resource.resource_type for resource in self.resources.values() if resource.resource_type}

    def create_last(self, *resources: AWSObject) -> None:
        """All that does not need these resources is created before them, also what is added to the template later."""
        self._last.append([str(resource.title) for resource in resources])

    def to_dict(self) -> dict[str, Any]:
        """The template as plain data, its sections in the order in which a person reads them."""
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
    """A resource as a person reads it: what it is, when it is there, then how."""
    return {"Type": resource["Type"], **{key: resource[key] for key in resource if key != "Properties"}, **resource}
