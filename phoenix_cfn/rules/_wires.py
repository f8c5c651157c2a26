"""Two sides of one wire: a value that has to be the same in two places, for every value of the parameters."""

from __future__ import annotations

from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Ref, Text, differ, text


def tied_by(stack: Stack, left: Text | None, right: Text | None) -> list[str]:
    """The parameters that one side follows and the other does not, so that another value of them parts the sides.

    Two sides that follow different parameters are not judged: who sets one of them may know of the other.
    """
    left, right = stack.expanded(left), stack.expanded(right)
    if left is None or right is None:
        return []
    one, other = ({ref.name for ref in side.refs if _is_free(stack, ref)} for side in (left, right))
    if not (one < other or other < one):
        return []
    return sorted(one ^ other) if differ(_general(left, one), _general(right, other)) else []


def note(stack: Stack, left: Text | None, right: Text | None) -> str:
    """What a message adds about two sides that a parameter parts; empty for sides that differ anyway."""
    names = tied_by(stack, left, right) if not differ(left, right) else []
    return f"; the two are equal for one value of {' and '.join(names)} only" if names else ""


def parted(stack: Stack, left: Text | None, right: Text | None) -> bool:
    """Whether two sides are known to be different, or are for another value of a parameter that only one follows."""
    return differ(left, right) or bool(tied_by(stack, left, right))


def _is_free(stack: Stack, ref: Ref) -> bool:
    """Whether a reference is a parameter that may have another value in this scenario."""
    if ref.attribute or ref.name not in stack.parameters:
        return False
    # What conditions compare has in each scenario the value that goes with what they choose.
    if ref.name in stack.scenario.values or ref.name in stack.scenario.others:
        return False
    parameter = stack.parameter(ref.name)
    allowed = parameter["AllowedValues"]
    single = allowed.given and len(allowed.items) < 2
    return parameter["Type"].literal in ("String", "Number") and not single


def _general(side: Text, free: set[str]) -> Text:
    """The text with a value that no literal has in place of each parameter."""
    return text(
        *(f"\ue002{each.name}\ue003" if isinstance(each, Ref) and each.name in free else each for each in side.parts)
    )
