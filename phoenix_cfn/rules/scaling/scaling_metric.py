"""E9607: The metric that scales exists."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY, metrics, unknown_names, wrong_dimensions, wrong_values
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ScalingMetric(Rule):
    """A policy's own metric has the dimensions by which AWS publishes it, and they name what is there.

    Risk: The metric has no data: nothing ever scales.

    Fix: Name LoadBalancer and TargetGroup by their full names, cluster and service by their names.
    """

    id = "E9607"
    shortdesc = "The metric that scales exists"
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
