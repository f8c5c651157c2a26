"""E9507: A CPU alarm goes off at a peak."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, rises
from phoenix_cfn.rules._notifications import steers_scaling
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

PERCENTAGES = (("AWS/ECS", "CPUUtilization"), ("AWS/DocDB", "CPUUtilization"))


class PeakIsHigh(Rule):
    """An alarm on high CPU has a threshold of some percent, and does not go by the minimum.

    Risk: The alarm is always on, or never: 0.8 is less than one percent, and no service uses more than 100.

    Fix: Use a threshold between 1 and 99, and the statistic Maximum (or Average).
    """

    id = "E9507"
    shortdesc = "A CPU alarm goes off at a peak"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            percentages = [one for one in metrics(alarm) if (one.namespace, one.name) in PERCENTAGES]
            if not percentages or alarm["Metrics"].given or not rises(alarm) or steers_scaling(stack, alarm):
                continue
            operator, threshold = alarm["ComparisonOperator"], alarm["Threshold"]
            if threshold.number is not None and not 1 <= threshold.number <= 100:
                yield finding(threshold, f"The CPU is measured in percent; {threshold.literal} is no peak")
            elif threshold.number == 100 and operator.literal == "GreaterThanThreshold":
                yield finding(threshold, "The CPU is never above 100 percent")
            if percentages[0].statistic.literal == "Minimum":
                yield finding(percentages[0].statistic, f"{alarm.id} waits until the idlest task peaks")
