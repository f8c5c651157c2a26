"""E9902: Every physical name fits."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._stage_names import longest

# A stage does not bring a name up to a longer limit; a name that is written out is for cfn-lint to measure.
_LONGEST_REACHED = 150


class NamesFit(Rule):
    """A name stays within its service's limit with the longest stage that the template allows ("production" at
    least).

    Risk: The stack works as dev and fails as production: a load balancer's or target group's name has 32
    characters.

    Fix: Leave the name out, shorten what follows the stage, or limit the parameter with MaxLength.
    """

    id = "E9902"
    shortdesc = "Every physical name fits"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html"
    tags = ["stages", "names"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for resource in stack.resources.values():
            naming, node = NAMES.get(resource.type), resource.name
            limit, value = naming.length if naming is not None else None, node.text
            if limit is None or limit > _LONGEST_REACHED or value is None:
                continue
            size = sum(len(part) if isinstance(part, str) else longest(stack, part) for part in value.parts)
            if size > limit:
                yield finding(node, f"{value} may have {size} characters; {limit} are allowed")
