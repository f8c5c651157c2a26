from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY, metrics, unknown_names, wrong_dimensions, wrong_values
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ScalingMetric(Rule):
    """A customized metric of a policy has the dimensions with which AWS publishes it, and they identify existing
    resources.

    Risk: The metric has no data, and the service never scales.

    Fix: Use the full names of load balancer and target group, and the names of cluster and service.
    """

    id = "E9607"
    shortdesc = "The metric of a scaling policy exists"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            for metric in metrics(policy):
                wrong = wrong_dimensions(metric)
                if wrong is not None:
                    yield finding(metric.node, wrong)
                for node, why in [*wrong_values(metric), *unknown_names(metric)]:
                    yield finding(node, why)
