from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, unknown_names, wrong_values
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class WatchedExists(Rule):
    """The dimensions of an alarm identify resources by the attribute that CloudWatch uses.

    Risk: The alarm never has data: with an ARN where CloudWatch uses a name, it is another metric, which is never
    published.

    Fix: Use Ref of the cluster, GetAtt Name of the service, LoadBalancerFullName and TargetGroupFullName.
    """

    id = "E9505"
    shortdesc = "The resource that an alarm watches exists"
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
    )
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            for metric in metrics(alarm):
                for node, wrong in [*wrong_values(metric), *unknown_names(metric)]:
                    yield finding(node, wrong)
