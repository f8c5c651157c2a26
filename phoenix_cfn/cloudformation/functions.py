"""Intrinsic functions as plain data.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from typing import Any

NO_VALUE = "AWS::NoValue"

UNKNOWN = "Fn::Unknown"
"""A value that cannot be evaluated: the arguments of its function are invalid."""

VARIABLE = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")
"""A variable of Fn::Sub: an exclamation mark if it is escaped, and the name."""


OTHER_TOOLS = re.compile(r"\$\{(self|opt|env|sls|ssm|cf|param|file|custom)(:|\([^)]*\))")
"""A variable that the Serverless Framework replaces before CloudFormation reads the template."""


def is_function(raw: Any) -> bool:
    """Whether a value is a call of an intrinsic function, or a reference to a condition."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return False
    key = next(iter(raw))
    return isinstance(key, str) and (key in ("Ref", "Condition") or (key.startswith("Fn::") and len(key) > 4))


def is_no_value(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("Ref") == NO_VALUE


def set_elsewhere(resource_type: str, attribute: str) -> bool:
    """Whether code outside the template sets an attribute: another template, a function, a module."""
    if resource_type == "AWS::CloudFormation::Stack":
        return attribute.startswith("Outputs.")
    return (
        not resource_type.startswith("AWS::")
        or resource_type.endswith("::MODULE")
        or resource_type in ("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition")
        or resource_type == "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
    )


def scalar(raw: Any) -> str | None:
    """A string, number or boolean as CloudFormation's string; None for other values."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (str, int, float)):
        return str(raw)
    return None


def is_list(parameter: Any) -> bool:
    """Whether the value of a parameter is a list, which is a text with commas."""
    kind = str(parameter.get("Type")) if isinstance(parameter, dict) else ""
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def canonical(raw: Any) -> str:
    """Any value as one string: equal values have equal strings."""
    try:
        return json.dumps(raw, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        return UNKNOWN


def sub_arguments(arguments: Any) -> tuple[Any, dict[str, Any]]:
    """The pattern of an Fn::Sub, and the variables that it defines."""
    if not isinstance(arguments, list) or not arguments:
        return arguments, {}
    variables = arguments[1] if len(arguments) > 1 else None
    return arguments[0], variables if isinstance(variables, dict) else {}
