from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import Text
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import FRONT_DOORS, self_contained, ways


def _own_domain(stack: Stack, value: Text) -> bool:
    """Whether a text is a URL with a custom domain, whose DNS records may be elsewhere."""
    link = re.match(r"https?://", str(value)) is not None and "amazon" not in str(value)
    return link and not any(ref.name in stack.resources for ref in value.refs)


class LinkInOutputs(Rule):
    """An output of the stack contains the URL of the service's load balancer, or of a custom domain.

    Risk: The user does not find the application: the last step of the kata is to open the link in the Outputs tab.

    Fix: Add an output with the load balancer's DNSName.
    """

    id = "E9121"
    shortdesc = "The URL of the application is in the outputs"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html"
    tags = ["R1", "request"]
    kata = True
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if any(one.type.startswith((*FRONT_DOORS, "AWS::Route53::")) for one in stack.resources.values()):
            return
        shown = [value for _, value in stack.section("Outputs").texts()]
        named = {ref.name for value in shown for ref in value.refs}
        if any(_own_domain(stack, value) for value in shown):
            return
        for way in ways(stack):
            if way.balancer.id not in named and self_contained(way.service):
                yield finding(way.balancer.here, f"No output contains the DNS name of {way.balancer.id}")
