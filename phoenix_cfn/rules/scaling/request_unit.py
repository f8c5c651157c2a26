from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import alarm_rate, follows_requests, steered_by, target_rate, tracking


class RequestUnit(Rule):
    """The target of request scaling is at most 10 requests per second, in the unit of its metric.

    Risk: ALBRequestCountPerTarget counts requests per minute: a target of 10 is one request in six seconds and scales
    to the maximum at once; with a target above 600, the service does not scale at 10 requests per second.

    Fix: Set TargetValue to 600 (requests per minute per task), or divide by 60 in metric math.
    """

    id = "E9602"
    shortdesc = "Ten requests per second are 600 per minute"
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"
    )
    tags = ["R6", "scaling"]
    kata = True
    numbers = {"requests_a_second": 10}

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            node = tracking(policy)["TargetValue"]
            rate = target_rate(policy)
            if rate is not None and follows_requests(stack, policy) and not self.fits(rate):
                yield finding(node, f"{node.literal} is {rate:.3g} requests per second per task, {self.wanted}")
            for alarm in steered_by(stack, policy):
                rate = alarm_rate(alarm)
                if rate is not None and not self.fits(rate):
                    yield finding(alarm["Threshold"], f"This is {rate:.3g} requests per second, {self.wanted}")

    def fits(self, rate: float) -> bool:
        return 1 <= rate <= int(self.config["requests_a_second"])

    @property
    def wanted(self) -> str:
        return f"not {self.config['requests_a_second']}"
