from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, rises
from phoenix_cfn.rules._notifications import steers_scaling
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

PERCENTAGES = (("AWS/ECS", "CPUUtilization"), ("AWS/DocDB", "CPUUtilization"))


class PeakIsHigh(Rule):
    """An alarm on high CPU has a threshold between 1 and 99 percent, and its statistic is not Minimum.

    Risk: The alarm fires all the time or never: 0.8 is less than one percent, and utilization does not exceed 100.

    Fix: Use a threshold between 1 and 99, and the statistic Maximum (or Average).
    """

    id = "E9507"
    shortdesc = "A CPU alarm has a threshold that a peak exceeds"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            percentages = [one for one in metrics(alarm) if (one.namespace, one.name) in PERCENTAGES]
            if not percentages or alarm["Metrics"].given or not rises(alarm) or steers_scaling(stack, alarm):
                continue
            operator, threshold = alarm["ComparisonOperator"], alarm["Threshold"]
            if threshold.number is not None and not 1 <= threshold.number <= 100:
                yield finding(
                    threshold,
                    f"CPU utilization is in percent; a threshold of {threshold.literal} is exceeded all the time",
                )
            elif threshold.number == 100 and operator.literal == "GreaterThanThreshold":
                yield finding(threshold, "CPU utilization never exceeds 100 percent")
            if percentages[0].statistic.literal == "Minimum":
                yield finding(
                    percentages[0].statistic, f"{alarm.id} watches the Minimum: it fires only when all tasks peak"
                )
