from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, publishes_finely, watched_service
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class HighResolution(Rule):
    """An alarm with a period below one minute watches a service that publishes its metrics every 20 seconds.

    Risk: Most periods have no data: the alarm fires late or never.

    Fix: Add Monitoring with ResolutionSeconds 20 to the service, or use a Period of 60 seconds.
    """

    id = "E9509"
    shortdesc = "A metric has the resolution of the alarm that watches it"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            for metric in metrics(alarm):
                if metric.period.number is None or metric.period.number >= 60:
                    continue
                if metric.namespace in ("AWS/ApplicationELB", "AWS/DocDB", "ECS/ContainerInsights"):
                    yield finding(metric.period, f"{metric.namespace} publishes once a minute")
                service = watched_service(metric)
                if (
                    metric.namespace == "AWS/ECS"
                    and service is not None
                    and publishes_finely(service, metric.name) is False
                ):
                    yield finding(metric.period, f"{service.id} publishes {metric.name} once a minute")
