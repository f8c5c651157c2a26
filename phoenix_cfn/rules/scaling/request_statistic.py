from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY, alarms, metrics, of_requests
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class RequestStatistic(Rule):
    """An alarm or a policy on RequestCount or RequestCountPerTarget uses the statistic Sum.

    Risk: Every other statistic of a count is 1 or a small number: the service never scales.

    Fix: Set the statistic to Sum.
    """

    id = "E9603"
    shortdesc = "Requests are counted by their sum"
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
    )
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner in [*alarms(stack), *stack.of(POLICY)]:
            for metric in metrics(owner):
                if of_requests(metric) and metric.statistic.literal not in (None, "Sum"):
                    yield finding(
                        metric.statistic, f"The {metric.statistic.literal} of {metric.name} is not a number of requests"
                    )
