"""Names that contain the stage: whether two stages have different names, and how long a name can be."""

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
    """Whether two stacks in one account and region may have different names: by a reference in the name, or by the
    value that selects the name.

    Of a mapping, a condition or a list, only the name in this scenario is left; the selecting value counts as well.
    """
    name = node.text
    if name is None or not name.parts or "{{" in name.plain:
        return True
    if "Fn::If" in node.path or "Fn::If" in canonical(node.raw):
        return True
    return bool({*(ref.name for ref in name.refs), *names_in(node.raw)} - _SAME_EVERYWHERE)


def longest(stack: Stack, ref: Ref) -> int:
    """The maximum length of a reference's value in characters, as far as the template declares it."""
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
