"""E9122: Somebody stands behind the listener."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import listeners, services

ONLOOKERS = ("AWS::ElasticLoadBalancingV2::Listener", "AWS::CloudWatch::", "AWS::ApplicationAutoScaling::")
"""What names a target group without putting targets into it."""


class TargetGroupUsed(Rule):
    """A target group that a listener forwards to has targets: a service that registers with it, or targets of its
    own.

    Risk: The load balancer answers every request with 503, while the tasks run and nobody asks them.

    Fix: Name the target group in the service's LoadBalancers.
    """

    id = "E9122"
    shortdesc = "Somebody stands behind the listener"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if not services(stack) or any(service["LoadBalancers"].opaque for service in services(stack)):
            return
        named = {ref.name for _, value in stack.section("Outputs").texts() for ref in value.refs}
        for resource in stack.resources.values():
            if not resource.type.startswith(ONLOOKERS):
                named |= resource.named
        for target_group in stack.of("AWS::ElasticLoadBalancingV2::TargetGroup"):
            used = target_group["Targets"].given or target_group.id in named
            if not used and listeners(stack, target_group):
                yield finding(target_group.here, f"No service registers with {target_group.id}")
