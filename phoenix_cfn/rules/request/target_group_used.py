from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import listeners, services

ONLOOKERS = ("AWS::ElasticLoadBalancingV2::Listener", "AWS::CloudWatch::", "AWS::ApplicationAutoScaling::")
"""Types that refer to a target group without registering targets."""


class TargetGroupUsed(Rule):
    """A target group that a listener forwards to has targets: its own, or a service that registers with it.

    Risk: The load balancer responds to every request with 503, while the tasks run without requests.

    Fix: Add the target group to the service's LoadBalancers.
    """

    id = "E9122"
    shortdesc = "A target group behind a listener has targets"
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
