"""Names that carry the stage: what tells two stages' names apart, and how long a name may become."""

from __future__ import annotations

import re

from phoenix_cfn.cloudformation.functions import canonical
from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.references import names_in
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Ref

_SAME_EVERYWHERE = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"})
_STAGE = re.compile(r"(?i)stage|env|prefix|suffix")
_PSEUDO = {"AWS::AccountId": 12, "AWS::Region": len("ap-southeast-1"), "AWS::Partition": 3}


def told_apart(node: Node) -> bool:
    """Whether two stacks in one account and region may have different names: by what is in them, or by what chose them.

    A mapping, a condition or a list leaves but the name that it gives in this scenario; what it chose by counts, too.
    """
    name = node.text
    if name is None or not name.parts or "{{" in name.plain:
        return True
    if "Fn::If" in node.path or "Fn::If" in canonical(node.raw):
        return True
    return bool({*(ref.name for ref in name.refs), *names_in(node.raw)} - _SAME_EVERYWHERE)


def longest(stack: Stack, ref: Ref) -> int:
    """How many characters a reference may have, as far as the template says."""
    if ref.name in _PSEUDO:
        return _PSEUDO[ref.name]
    parameter = stack.parameter(ref.name)
    if not parameter.given:
        return 0
    if parameter["MaxLength"].number is not None:
        return int(parameter["MaxLength"].number or 0)
    allowed = [len(item.literal or "") for item in parameter["AllowedValues"].items]
    if allowed:
        return max(allowed)
    return max(len(parameter["Default"].literal or ""), len("production") if _STAGE.search(ref.name) else 0)
