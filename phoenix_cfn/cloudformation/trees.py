"""A value of a template as a tree of texts, with evaluated functions, in one scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .functions import UNKNOWN, canonical, is_function, is_no_value, scalar
from .nodes import MISSING
from .stack import Stack
from .values import Ref, text

_MOST_NESTED = 60
# The placeholder for a value that is nested too deeply; two of them are equal if their source is.
_DEEP = "Too deep"


@dataclass(frozen=True)
class Choice:
    """An Fn::If with an unknown condition."""

    condition: str
    yes: Any
    no: Any


def tree(stack: Stack, raw: Any, depth: int = 0) -> Any:
    """MISSING, a Text, a Choice, or a list or dictionary of these. AWS::NoValue is MISSING; a null is, too.

    A function that returns a list is a list if the result is known, or else a Text with a Ref.
    """
    if depth > _MOST_NESTED:
        return text(Ref(_DEEP, canonical(raw)))
    if raw is None or raw is MISSING or is_no_value(raw):
        return MISSING
    if is_function(raw):
        return _function(stack, raw, depth)
    if isinstance(raw, list):
        return list(_members(stack, raw, depth))
    if isinstance(raw, dict):
        found = {str(key): tree(stack, value, depth + 1) for key, value in raw.items()}
        return {key: value for key, value in found.items() if value is not MISSING}
    return stack.text(raw) if scalar(raw) is not None else text(str(raw))


def _members(stack: Stack, raw: list[Any], depth: int) -> Iterator[Any]:
    for each in raw:
        member = tree(stack, each, depth + 1)
        if member is MISSING:
            continue
        if isinstance(member, list) and is_function(each):
            yield from member
        else:
            yield member


def _function(stack: Stack, raw: Mapping[str, Any], depth: int) -> Any:
    ((function, arguments),) = raw.items()
    if function == "Fn::If" and isinstance(arguments, list) and len(arguments) == 3:
        holds = stack.holds(arguments[0])
        if holds is not None:
            return tree(stack, arguments[1 if holds else 2], depth + 1)
        return Choice(str(arguments[0]), tree(stack, arguments[1], depth + 1), tree(stack, arguments[2], depth + 1))
    if function == "Fn::FindInMap":
        found = stack.mapped(arguments)
        if isinstance(found, (list, dict)):
            return tree(stack, found, depth + 1)
    members = stack.members(raw)
    if members is not None:
        return list(_members(stack, members, depth))
    return stack.text(raw) or text(Ref(UNKNOWN))
