"""E9102: The load balancer in front of the service faces the internet."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import FRONT_DOORS, ways


class LoadBalancerFacesInternet(Rule):
    """The load balancer of a service is internet-facing, unless something else of the template brings the internet
    to it.

    Risk: The link in the stack's outputs opens from inside of the network only; the application's endpoints,
    the unwanted ones too, are not exposed.

    Fix: Set Scheme to internet-facing and put the load balancer into public subnets.
    """

    id = "E9102"
    shortdesc = "The load balancer in front of the service faces the internet"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-loadbalancer.html"
    tags = ["R1", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if any(resource.type.startswith(FRONT_DOORS) for resource in stack.resources.values()):
            return
        for way in ways(stack):
            scheme = way.balancer["Scheme"]
            if scheme.literal == "internal":
                yield finding(scheme, f"{way.balancer.id} is internal: nobody outside reaches {way.service.id}")
