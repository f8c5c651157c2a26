"""The names that CloudFormation generates, as patterns for policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
"""

from __future__ import annotations

import re

from msgspec import Struct

from phoenix_cfn.cloudformation.names import RANDOM_ENDING

# The number of characters of the last word in a shortened stack name that still distinguish it from the stack of a
# stage whose name begins with this one's.
_TELLING = 1


class Name(Struct, frozen=True):
    """The property of a resource's name, and the name's limit in characters.

    `limit` is 0 if the property is required, or if the generated name does not begin with the stack's name.
    `shortened`: whether a name above the limit is shortened by the rule of `generated`.
    """

    property: str
    limit: int
    lower: bool = False
    shortened: bool = True


def generated(name: Name, stack: str | None, longest: float, logical_id: str, exact: bool) -> str:
    """The generated name as a pattern; `*` if not enough of it is known.

    `stack` is the stack's name, which may begin with an Fn::Sub variable, and `longest` its maximum length. `exact`:
    for this resource only; otherwise for all generated names of the stack. A name above the limit is shortened: stack
    name and logical id share the characters that the random suffix leaves.
    https://github.com/aws-cloudformation/cloudformation-cli-java-plugin (IdentifierUtils.java)
    """
    room = name.limit - RANDOM_ENDING - 1
    if stack is not None and longest + len(logical_id) <= room:
        pattern = f"{stack}-{logical_id}-*" if exact else f"{stack}-*"
    elif room <= 0 or not name.shortened:
        return "*"
    else:
        of_stack, of_id = _fair_split(room, longest, len(logical_id))
        head = _shortened(stack, longest, of_stack)
        pattern = f"{head}-{logical_id[:of_id]}{'' if of_id == len(logical_id) else '*'}-*"
        if head == "*" and stack is not None:
            return "*"
    return _lower(pattern) if name.lower else pattern


def _shortened(stack: str | None, longest: float, room: float) -> str:
    """The part of a stack's name that always remains; `*` if it does not distinguish the stack from others."""
    found = re.fullmatch(r"(\$\{[^}]*\})?([^$]*)", stack or "")
    if not found or longest == float("inf"):
        return "*"
    variable, rest = found[1] or "", found[2]
    # The longest stage leaves the least of the rest.
    kept = rest[: max(0, int(room - (longest - len(rest))))]
    last_word = kept.rpartition("-")[2]
    tells = kept == rest or (kept.count("-") == rest.count("-") and len(last_word) >= _TELLING)
    return f"{variable}{kept}*" if tells else "*"


def _fair_split(room: int, first: float, second: int) -> tuple[float, int]:
    """Half of the limit each; the unused characters of one go to the other."""
    half = room // 2
    if second <= half:
        return min(first, room - second), second
    if first <= half:
        return first, min(second, room - int(first))
    return room - half, half


def _lower(text: str) -> str:
    """The text in lowercase, except Fn::Sub variables."""
    return re.sub(r"(\$\{[^}]*\})|([^$]+)", lambda match: match[1] or match[2].lower(), text)
