"""E9101: The load balancer's security group lets the internet in."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import default_group_is_shut, may_connect
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import subnets_of


class InternetReachesLoadBalancer(Rule):
    """The security groups of an internet-facing load balancer admit the port of each of its listeners from the
    internet: from addresses that are not private ones.

    Risk: The stack comes up healthy, its health checks pass, and every visitor's request times out.

    Fix: Add an ingress rule for the listener's port with CidrIp 0.0.0.0/0 to the load balancer's security
    group.
    """

    id = "E9101"
    shortdesc = "The load balancer's security group lets the internet in"
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html"
    )
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for listener in stack.of("AWS::ElasticLoadBalancingV2::Listener"):
            balancer = stack.resource(listener["LoadBalancerArn"], "AWS::ElasticLoadBalancingV2::LoadBalancer")
            if balancer is None or balancer["Scheme"].literal == "internal" or balancer["Scheme"].unknown:
                continue
            worn, port = balancer["SecurityGroups"], listener["Port"].text
            kind, protocol = balancer["Type"].literal or "application", listener["Protocol"].literal
            if kind == "application" and not worn.given:
                if default_group_is_shut(stack, subnets_of(balancer)):
                    yield finding(balancer.here, f"{balancer.id} has the network's default group, which lets nobody in")
            elif kind in ("application", "network") and protocol not in ("TCP_UDP", "TCP_QUIC"):
                spoken = "udp" if protocol in ("UDP", "QUIC") else "tcp"
                if may_connect(stack, None, worn, port, spoken) is False:
                    yield finding(worn, f"No security group of {balancer.id} admits port {port} from the internet")
