"""The template that a pipeline deploys: the parameter values that it accepts, and the processors of its tasks."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.cloudformation.parameters import refusal
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Ref, Text

from ._repository import Deployed


def refused(parameter: Any, given: Any) -> str | None:
    """Why a parameter does not accept a value of ParameterOverrides; None if it does, or if that is not known."""
    value = given.literal if isinstance(given, Text) else str(given) if isinstance(given, (int, float)) else None
    return None if value is None or "#{" in value else refusal(parameter, value)


def least_length(stack: Stack, ref: Ref) -> int:
    """The minimum length of a reference's value, in characters."""
    parameter = stack.parameter(ref.name)
    if parameter.given:
        return len(parameter["Default"].literal or "") or int(parameter["MinLength"].number or 0)
    return 40 if ref.attribute.endswith("Arn") else 1


def architectures(template: Deployed) -> set[str]:
    """The processors that the template's task definitions run on; empty if they are not all known."""
    found: set[str] = set()
    for raw in template.section("Resources").values():
        if isinstance(raw, dict) and raw.get("Type") == "AWS::ECS::TaskDefinition":
            properties = raw.get("Properties")
            platform = properties.get("RuntimePlatform", {}) if isinstance(properties, dict) else None
            chosen = platform.get("CpuArchitecture", "X86_64") if isinstance(platform, dict) else None
            if not isinstance(chosen, str):
                return set()
            found.add(chosen)
    return found
