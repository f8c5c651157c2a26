from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, of_service_cpu, rises
from phoenix_cfn.rules._notifications import notifies
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import self_contained, services


class CpuPeakNotified(Rule):
    """An alarm with an action watches the CPU utilization of the service.

    Risk: /generatecert causes CPU peaks, and no notification is sent.

    Fix: Add an alarm on CPUUtilization of the service, with an SNS topic as its action.
    """

    id = "E9506"
    shortdesc = "CPU peaks of the service send a notification"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html"
    tags = ["R4", "alarms"]
    kata = True
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        watching = [
            metric
            for alarm in alarms(stack)
            if rises(alarm) and notifies(stack, alarm)
            for metric in metrics(alarm)
            if of_service_cpu(metric)
        ]
        for service in services(stack):
            if not watching and self_contained(service):
                yield finding(service.here, f"No alarm with a notification watches the CPU of {service.id}")
