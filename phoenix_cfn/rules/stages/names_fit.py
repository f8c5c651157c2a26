from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._stage_names import longest

# A stage's name does not exceed a longer limit; cfn-lint checks the length of literal names.
_LONGEST_REACHED = 150


class NamesFit(Rule):
    """A name is within its service's limit for the longest stage name that the template allows (at least
    "production").

    Risk: The stack works as dev and fails as production: the name of a load balancer or a target group has at most 32
    characters.

    Fix: Remove the name, shorten the part after the stage, or limit the parameter with MaxLength.
    """

    id = "E9902"
    shortdesc = "Physical names are not too long"
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
                yield finding(node, f"{value} can have {size} characters; the limit is {limit}")
