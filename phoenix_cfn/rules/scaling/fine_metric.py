from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY, publishes_finely
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import TARGET, predefined, scaled_service, tracking


class FineMetric(Rule):
    """A policy on a HighResolution metric scales a service that publishes it every 20 seconds.

    Risk: Application Auto Scaling refuses the policy, or it has no data.

    Fix: Add Monitoring with ResolutionSeconds 20 to the service.
    """

    id = "E9610"
    shortdesc = "A high-resolution policy has a high-resolution metric"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        names = {
            "ECSServiceAverageCPUUtilizationHighResolution": "CPUUtilization",
            "ECSServiceAverageMemoryUtilizationHighResolution": "MemoryUtilization",
        }
        for policy in stack.of(POLICY):
            needed = names.get(predefined(policy) or "")
            target = stack.resource(policy["ScalingTargetId"], TARGET)
            service = scaled_service(stack, target["ResourceId"]) if target is not None else None
            if needed and service is not None and publishes_finely(service, needed) is False:
                yield finding(
                    tracking(policy)["PredefinedMetricSpecification"], f"{service.id} publishes {needed} once a minute"
                )
