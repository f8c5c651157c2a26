"""Values that depend on conditions: all that they can be, and the names that occur in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phoenix_cfn.cloudformation.functions import is_function, is_no_value
from phoenix_cfn.cloudformation.references import references


def alternatives(value: Any) -> Iterator[Any]:
    """The values that a value has under any conditions; nothing for AWS::NoValue."""
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
    """Each member that a list has under any conditions. A value that is no list is its own only member."""
    for each in alternatives(value):
        if isinstance(each, list):
            for inner in each:
                yield from members(inner)
        else:
            yield each


def mentions(value: Any) -> Iterator[tuple[str, str]]:
    """The names that Ref, Fn::GetAtt and Fn::Sub refer to, each with its attribute, empty for Ref."""
    return ((each.target, each.attribute) for each in references(value) if each.function != "Condition")


def attribute_arguments(argument: Any) -> tuple[str, str] | None:
    """The logical id and the attribute that Fn::GetAtt names; None where they are not written out."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if isinstance(parts, list) and len(parts) >= 2 and all(isinstance(each, str) for each in parts):
        return parts[0], ".".join(parts[1:])
    return None
