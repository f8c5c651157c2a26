"""Values that must be equal in two places, for every value of the parameters."""

from __future__ import annotations

from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Ref, Text, differ, text


def tied_by(stack: Stack, left: Text | None, right: Text | None) -> list[str]:
    """The parameters that only one of two values depends on: with another value of them, the two differ.

    Two values that depend on different parameters are not checked: the user may set both parameters.
    """
    left, right = stack.expanded(left), stack.expanded(right)
    if left is None or right is None:
        return []
    one, other = ({ref.name for ref in side.refs if _is_free(stack, ref)} for side in (left, right))
    if not (one < other or other < one):
        return []
    return sorted(one ^ other) if differ(_general(left, one), _general(right, other)) else []


def note(stack: Stack, left: Text | None, right: Text | None) -> str:
    """The addition to a message for two values that are equal by a parameter's default; empty if they differ anyway."""
    names = tied_by(stack, left, right) if not differ(left, right) else []
    return f"; the two are equal only for one value of {' and '.join(names)}" if names else ""


def parted(stack: Stack, left: Text | None, right: Text | None) -> bool:
    """Whether two values are known to be different, or become so with another value of a parameter of one of them."""
    return differ(left, right) or bool(tied_by(stack, left, right))


def _is_free(stack: Stack, ref: Ref) -> bool:
    """Whether a reference is a parameter that may have another value in this scenario."""
    if ref.attribute or ref.name not in stack.parameters:
        return False
    # A parameter that a condition compares has, in each scenario, the value of that scenario.
    if ref.name in stack.scenario.values or ref.name in stack.scenario.others:
        return False
    parameter = stack.parameter(ref.name)
    allowed = parameter["AllowedValues"]
    single = allowed.given and len(allowed.items) < 2
    return parameter["Type"].literal in ("String", "Number") and not single


def _general(side: Text, free: set[str]) -> Text:
    """The text, with a value that no literal can have in place of each parameter."""
    return text(
        *(f"\ue002{each.name}\ue003" if isinstance(each, Ref) and each.name in free else each for each in side.parts)
    )
