"""Values that depend on conditions: all that they can be, and the names that occur in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from phoenix_cfn.cloudformation.functions import VARIABLE, is_function, is_no_value, sub_arguments


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
    if isinstance(value, list):
        for each in value:
            yield from mentions(each)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _mentions(key, inner)


def _mentions(function: Any, argument: Any) -> Iterator[tuple[str, str]]:
    if function == "Ref" and isinstance(argument, str):
        yield argument, ""
    elif function == "Fn::GetAtt" and attribute_arguments(argument):
        yield attribute_arguments(argument) or ("", "")
    elif function == "Fn::Sub":
        pattern, own = sub_arguments(argument)
        for escaped, name in VARIABLE.findall(pattern) if isinstance(pattern, str) else ():
            if not escaped and name not in own:
                logical_id, _, attribute = name.partition(".")
                yield logical_id, attribute
        yield from mentions(own)
    else:
        yield from mentions(argument)


def attribute_arguments(argument: Any) -> tuple[str, str] | None:
    """The logical id and the attribute that Fn::GetAtt names; None where they are not written out."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if isinstance(parts, list) and len(parts) >= 2 and all(isinstance(each, str) for each in parts):
        return parts[0], ".".join(parts[1:])
    return None
