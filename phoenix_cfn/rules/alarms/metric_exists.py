from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import alarms, metrics, wrong_dimensions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class MetricExists(Rule):
    """An alarm on an AWS metric uses the dimensions with which AWS publishes the metric.

    Risk: The alarm never has data and never fires.

    Fix: Use the dimensions of the metric, such as ClusterName and ServiceName.
    """

    id = "E9504"
    shortdesc = "The metric that an alarm watches exists"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for alarm in alarms(stack):
            for metric in metrics(alarm):
                wrong = wrong_dimensions(metric)
                if wrong is not None:
                    node = metric.node["Dimensions"]
                    yield finding(node if node.given else metric.node["MetricName"], wrong)
