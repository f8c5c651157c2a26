"""Failures on request: a resource that a test names is not created, with the words that the test gives."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import ministack

# By stack and logical id.
_FAULTS: dict[tuple[str, str], str] = {}


def install() -> None:
    """Before the corrections: what AWS does first, such as the check of the role, it does here, too."""
    provision = ministack.stacks._provision_resource

    def create(resource_type: str, logical_id: str, properties: Any, stack: str) -> Any:
        reason = _FAULTS.pop((stack, logical_id), None)
        if reason is not None:
            raise ValueError(reason)
        return provision(resource_type, logical_id, properties, stack)

    ministack.stacks._provision_resource = create


def add(fault: dict[str, str]) -> None:
    """The next creation of the resource fails."""
    _FAULTS[fault["stack"], fault["resource"]] = fault["reason"]
