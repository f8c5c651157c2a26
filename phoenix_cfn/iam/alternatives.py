"""The alternatives of values that depend on conditions, and the references in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phoenix_cfn.cloudformation.functions import is_function, is_no_value
from phoenix_cfn.cloudformation.references import references


def alternatives(value: Any) -> Iterator[Any]:
    """All alternatives of a value, without AWS::NoValue."""
    arguments = value.get("Fn::If") if is_function(value) else None
    if isinstance(arguments, list) and len(arguments) == 3:
        for each in arguments[1:]:
            yield from alternatives(each)
    elif not is_no_value(value):
        yield value


def may_be_absent(value: Any) -> bool:
    """Whether AWS::NoValue is one of the alternatives."""
    arguments = value.get("Fn::If") if is_function(value) else None
    if isinstance(arguments, list) and len(arguments) == 3:
        return any(map(may_be_absent, arguments[1:]))
    return is_no_value(value)


def members(value: Any) -> Iterator[Any]:
    """All alternatives of a list's members. A value that is not a list is its only member."""
    for each in alternatives(value):
        if isinstance(each, list):
            for inner in each:
                yield from members(inner)
        else:
            yield each


def mentions(value: Any) -> Iterator[tuple[str, str]]:
    """The names in Ref, Fn::GetAtt and Fn::Sub, each with its attribute, which is empty for Ref."""
    return ((each.target, each.attribute) for each in references(value) if each.function != "Condition")


def attribute_arguments(argument: Any) -> tuple[str, str] | None:
    """The logical id and the attribute of an Fn::GetAtt; None if they are not literals."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if isinstance(parts, list) and len(parts) >= 2 and all(isinstance(each, str) for each in parts):
        return parts[0], ".".join(parts[1:])
    return None
