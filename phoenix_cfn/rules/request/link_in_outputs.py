"""E9121: The link to the application is in the outputs."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import FRONT_DOORS, self_contained, ways


class LinkInOutputs(Rule):
    """An output of the stack leads to the load balancer of its service.

    Risk: Whoever deploys the stack does not find the application: the last step of the kata is to open the link
    in the Outputs tab.

    Fix: Add an output with the load balancer's DNSName.
    """

    id = "E9121"
    shortdesc = "The link to the application is in the outputs"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html"
    tags = ["R1", "request"]
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if any(one.type.startswith((*FRONT_DOORS, "AWS::Route53::")) for one in stack.resources.values()):
            return
        named = {ref.name for _, value in stack.section("Outputs").texts() for ref in value.refs}
        for way in ways(stack):
            if self_contained(way.service) and way.balancer.id not in named:
                yield finding(way.balancer.here, f"No output leads to {way.balancer.id}")
