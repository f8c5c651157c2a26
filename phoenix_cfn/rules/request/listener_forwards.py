from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import forwarders, forwards_known, registrations, services


class ListenerForwards(Rule):
    """The target group that a service registers with is the target of a listener or of a listener's rule.

    Risk: ECS refuses to create the service: "the target group does not have an associated load balancer".

    Fix: Forward to the target group in the listener's DefaultActions or in a ListenerRule.
    """

    id = "E9103"
    shortdesc = "A listener forwards to the service's target group"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if not stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer") or not forwards_known(stack):
            return
        for service in services(stack):
            for registration in registrations(service):
                target_group = registration.target_group
                if target_group is not None and not forwarders(stack, target_group):
                    yield finding(registration.node, f"No listener forwards to {target_group.id}")
