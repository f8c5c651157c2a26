from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.rules._network import default_group_is_shut, may_connect
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import listeners, services, subnets_of, target_groups


class InternetReachesLoadBalancer(Rule):
    """The security groups of an internet-facing load balancer allow the port of each of its listeners from the
    internet, that is from public addresses. A listener beside an open one may be closed if it forwards to no service.

    Risk: The stack is created and its health checks pass, but every user's request times out.

    Fix: Add an ingress rule for the listener's port with CidrIp 0.0.0.0/0 to the load balancer's security
    group.
    """

    id = "E9101"
    shortdesc = "The load balancer's security group allows the internet"
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html"
    )
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        serving = {
            listener.id
            for service in services(stack)
            for group in target_groups(service)
            for listener in listeners(stack, group)
        }
        for balancer in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            if balancer["Scheme"].literal == "internal" or balancer["Scheme"].unknown:
                continue
            own = _listeners_of(stack, balancer)
            shut = {each.id: _is_shut(stack, balancer, each) for each in own}
            if shut and _has_default_group(balancer) and default_group_is_shut(stack, subnets_of(balancer)):
                yield finding(
                    balancer.here,
                    f"{balancer.id} has the VPC's default security group, which does not allow the internet",
                )
            for listener in own:
                # Beside an open listener, one that forwards to no service may be for the internal network only.
                if shut[listener.id] and (all(shut.values()) or listener.id in serving):
                    yield finding(
                        balancer["SecurityGroups"],
                        f"No security group of {balancer.id} allows port {listener['Port'].text} from the internet",
                    )


def _listeners_of(stack: Stack, balancer: Resource) -> list[Resource]:
    return [
        each
        for each in stack.of("AWS::ElasticLoadBalancingV2::Listener")
        if stack.resource(each["LoadBalancerArn"], "AWS::ElasticLoadBalancingV2::LoadBalancer") == balancer
    ]


def _has_default_group(balancer: Resource) -> bool:
    """Whether it has the VPC's default security group: an Application Load Balancer without SecurityGroups."""
    return (balancer["Type"].literal or "application") == "application" and not balancer["SecurityGroups"].given


def _is_shut(stack: Stack, balancer: Resource, listener: Resource) -> bool:
    """Whether the load balancer's security groups are known to allow the listener's port from no public address."""
    known = (balancer["Type"].literal or "application") in ("application", "network")
    protocol = listener["Protocol"].literal
    if not known or _has_default_group(balancer) or protocol in ("TCP_UDP", "TCP_QUIC"):
        return False
    spoken = "udp" if protocol in ("UDP", "QUIC") else "tcp"
    return may_connect(stack, None, balancer["SecurityGroups"], listener["Port"].text, spoken) is False
