"""What is wrong with settings of the right types: values that contradict each other, or that AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from phoenix_cfn.cloudformation.schemas import iam_actions
from phoenix_cfn.environment import (
    PLACEHOLDERS,
    is_resource,
    is_wide,
    mistake_in_name,
    secret_source,
    unknown_placeholders,
)
from phoenix_cfn.errors import Mistake

if TYPE_CHECKING:
    from phoenix_cfn.settings import ServiceSettings, Settings


def found(settings: Settings) -> Iterator[Mistake]:
    """Every such mistake."""
    yield from _of_environment(settings.service)
    yield from _of_permissions(settings.service)


def _of_environment(service: ServiceSettings) -> Iterator[Mistake]:
    """Variables and secrets that a container cannot have."""
    known = ", ".join(f"${{{each}}}" for each in PLACEHOLDERS)
    for group in ("variables", "secrets"):
        for name, value in getattr(service, group).items():
            key = f"service.{group}.{name}"
            if expected := mistake_in_name(name):
                yield Mistake(key, name, expected, "Correct or remove the name.")
            for each in unknown_placeholders(value):
                yield Mistake(key, each, f"one of {known}", "For a plain ${...} write ${!...}.")
    for name in service.variables.keys() & service.secrets.keys():
        words = "a variable with one value"
        yield Mistake(f"service.secrets.{name}", name, words, f"Remove service.variables.{name}.")
    for name, value in service.secrets.items():
        source = secret_source(value)
        if isinstance(source, str) and not list(unknown_placeholders(value)):
            yield Mistake(f"service.secrets.{name}", value, source)


def _of_permissions(service: ServiceSettings) -> Iterator[Mistake]:
    """Permissions that IAM does not know, or that are wider than they say why."""
    for each in service.allow:
        for action in each.actions:
            if action.lower() not in iam_actions():
                yield Mistake("service.allow", action, "an action that IAM knows")
        for resource in each.resources:
            if not is_resource(resource) or list(unknown_placeholders(resource)):
                words = "an ARN such as arn:${AWS::Partition}:s3:::${StagePrefix}-orders/*, or `*`"
                yield Mistake("service.allow", resource, words)
            elif is_wide(resource) and not each.reason.strip():
                words = f"a reason beside it: it lets the tasks call {', '.join(each.actions)} on everything"
                yield Mistake("service.allow", resource, words, "Name the resources, or add `reason`.")
