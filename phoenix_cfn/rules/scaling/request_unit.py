"""E9602: Ten requests a second are 600 a minute."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import metrics, of_requests, per_second
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import POLICY, expression, follows_requests, steered_by, tracking


class RequestUnit(Rule):
    """The value at which requests scale a service is at most 10 requests a second, in the unit of its metric.

    Risk: ALBRequestCountPerTarget counts a minute's requests: a target of 10 is one request in six seconds, and
    scales to the maximum at once; a target above 600 does not scale at 10 a second.

    Fix: Set TargetValue to 600 (requests a minute and task), or divide by 60 in metric math.
    """

    id = "E9602"
    shortdesc = "Ten requests a second are 600 a minute"
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"
    )
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            node = tracking(policy)["TargetValue"]
            wanted = node.number
            if wanted is not None and follows_requests(stack, policy) and not steered_by(stack, policy):
                a_second = per_second(expression(policy))
                rate = wanted if a_second else wanted / 60
                if expression(policy) is not None and not a_second and "*" in str(expression(policy)):
                    continue
                if not 1 <= rate <= 10:
                    yield finding(
                        node, f"{node.literal} is {rate:.3g} requests a second and task; the kata scales at 10"
                    )
            for alarm in steered_by(stack, policy):
                for metric in metrics(alarm):
                    limit, period = alarm["Threshold"], metric.period.number
                    upward = (alarm["ComparisonOperator"].literal or "").startswith("Greater")
                    if (
                        not of_requests(metric)
                        or alarm["Metrics"].given
                        or limit.number is None
                        or not period
                        or not upward
                    ):
                        continue
                    if not 1 <= limit.number / period <= 10:
                        yield finding(
                            limit,
                            f"{limit.literal} in {period:g} s is {limit.number / period:.3g} a second, not 10",
                        )
