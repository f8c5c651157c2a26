from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import FRONT_DOORS, ways


class LoadBalancerFacesInternet(Rule):
    """The load balancer of a service is internet-facing, unless another resource of the template forwards requests
    from the internet to it.

    Risk: The URL in the stack's outputs works only inside the VPC; the application's endpoints, including the unwanted
    ones, are not exposed.

    Fix: Set Scheme to internet-facing, and use public subnets.
    """

    id = "E9102"
    shortdesc = "The load balancer of the service is internet-facing"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-loadbalancer.html"
    tags = ["R1", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if any(resource.type.startswith(FRONT_DOORS) for resource in stack.resources.values()):
            return
        for way in ways(stack):
            scheme = way.balancer["Scheme"]
            if scheme.literal == "internal":
                yield finding(
                    scheme, f"{way.balancer.id} is internal: {way.service.id} is not reachable from the internet"
                )
