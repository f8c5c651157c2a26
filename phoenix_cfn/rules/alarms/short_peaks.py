from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, of_one_service, of_service_cpu, rises
from phoenix_cfn.rules._notifications import steers_scaling
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ShortPeaks(Rule):
    """The alarm on a service's CPU fires after five minutes at most.

    Risk: Creating a certificate takes seconds: a peak is over before the alarm has evaluated its periods.

    Fix: Set Period to 60 seconds or less, and EvaluationPeriods to 1 or 2.
    """

    id = "W9508"
    shortdesc = "A CPU alarm detects short peaks"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html"
    tags = ["R4", "alarms"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            if (
                steers_scaling(stack, alarm)
                or not rises(alarm)
                or not any(of_service_cpu(metric) and of_one_service(metric) for metric in metrics(alarm))
            ):
                continue
            period, periods = metrics(alarm)[0].period.number, alarm["EvaluationPeriods"].number
            needed = alarm["DatapointsToAlarm"].number or periods
            if period is not None and needed is not None and period * needed > 300:
                yield finding(
                    alarm["EvaluationPeriods"],
                    f"A peak must last {period * needed / 60:g} minutes before {alarm.id} fires",
                )
