"""The names that CloudFormation makes, as patterns for policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
"""

from __future__ import annotations

import re

from msgspec import Struct

from phoenix_cfn.cloudformation.names import RANDOM_ENDING

# So many characters of the last word of a shortened stack's name still tell it from the stack of a stage whose name
# begins with this one's.
_TELLING = 1


class Name(Struct, frozen=True):
    """The property that names a resource, and the characters that AWS allows.

    `limit` is 0 where the property is required, or where the name that CloudFormation makes does not begin with the
    stack's. `shortened`: a name that would exceed the limit is shortened by the rule of `generated`.
    """

    property: str
    limit: int
    lower: bool = False
    shortened: bool = True


def generated(name: Name, stack: str | None, longest: float, logical_id: str, exact: bool) -> str:
    """The name that CloudFormation makes, as a pattern; `*` where not enough of it is known.

    `stack` is the stack's name, which may begin with a Fn::Sub variable, and `longest` the most characters that it has.
    `exact`: for this resource alone; otherwise for all that the stack names. What would exceed the limit is shortened:
    the stack's name and the logical id share what the random ending leaves.
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
    """What is certain to remain of a stack's name; `*` where that does not tell it from others."""
    found = re.fullmatch(r"(\$\{[^}]*\})?([^$]*)", stack or "")
    if not found or longest == float("inf"):
        return "*"
    variable, rest = found[1] or "", found[2]
    # With the longest stage the least of the rest remains.
    kept = rest[: max(0, int(room - (longest - len(rest))))]
    last_word = kept.rpartition("-")[2]
    tells = kept == rest or (kept.count("-") == rest.count("-") and len(last_word) >= _TELLING)
    return f"{variable}{kept}*" if tells else "*"


def _fair_split(room: int, first: float, second: int) -> tuple[float, int]:
    """Half of the room each; what one does not need goes to the other."""
    half = room // 2
    if second <= half:
        return min(first, room - second), second
    if first <= half:
        return first, min(second, room - int(first))
    return room - half, half


def _lower(text: str) -> str:
    """In lower case, but for what Fn::Sub fills in."""
    return re.sub(r"(\$\{[^}]*\})|([^$]+)", lambda match: match[1] or match[2].lower(), text)
