from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import subnets_of


class LoadBalancerSubnets(Rule):
    """The subnets of an internet-facing load balancer have a route to an internet gateway.

    Risk: The load balancer has a public DNS name, and connections to it time out.

    Fix: Use public subnets, or add a route to the internet gateway to these subnets.
    """

    id = "E9112"
    shortdesc = "The load balancer is in public subnets"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for balancer in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            if balancer["Scheme"].literal == "internal" or balancer["Scheme"].unknown:
                continue
            for node, subnet, kind in placed(stack, subnets_of(balancer)):
                if kind != "public":
                    yield finding(node, f"{subnet.id} is {kind}: it has no route to an internet gateway")
