from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.rules._metric_math import Queries, calls
from phoenix_cfn.rules._metrics import POLICY, alarms, queries, rises
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

_POLICIES = (POLICY, "AWS::AutoScaling::ScalingPolicy")


class LateMetrics(Rule):
    """Metric math that an alarm or a scaling policy watches does not FILL metrics of AWS services with a value.

    Risk: AWS publishes these metrics with a delay of a minute or more. FILL replaces the newest periods, which have no
    data yet: the newest datapoint is always the fill value, and the alarm stays in OK or in ALARM. Target tracking
    scales out after three datapoints in a row above its target and never sees them.

    Fix: Remove FILL. In an alarm, set TreatMissingData, and DatapointsToAlarm below EvaluationPeriods (M out of N).
    Where a metric has gaps, add a metric without gaps: arithmetic treats a missing value as 0, as in
    (requests + 0 * healthy_hosts) / 60.
    """

    id = "E9511"
    shortdesc = "Watched metric math does not FILL delayed metrics"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"
    tags = ["R4", "R6", "alarms", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner in [*alarms(stack), *stack.of(*_POLICIES)]:
            if not _some_of_many(owner):
                for node in queries(owner):
                    yield from _filled(owner, node)


def _filled(owner: Resource, node: Node) -> Iterator[Finding]:
    math = Queries.of(node)
    for expression, tree in math.watched():
        for call in calls(tree, "FILL"):
            # REPEAT and LINEAR, and another time series, follow the data.
            if len(call.args) != 2 or not math.constant(call.args[1]):
                continue
            late = sorted(name for name in math.namespaces(call.args[0]) if _late(name))
            if late:
                what = f"{', '.join(late)} is delayed: the newest datapoint of {owner.id} is always the fill value"
                yield finding(expression, what)


def _late(namespace: str) -> bool:
    """Whether an AWS service publishes the metric; the delay of custom metrics is not known."""
    return namespace.startswith("AWS/") or namespace in ("ECS/ContainerInsights", "ContainerInsights")


def _some_of_many(owner: Resource) -> bool:
    """Whether an alarm needs M out of N datapoints, which tolerates fill values; also where that is not known."""
    periods, needed = owner["EvaluationPeriods"], owner["DatapointsToAlarm"]
    if not needed.given:
        return False
    if periods.number is None or needed.number is None:
        return True
    # Where low values breach, each fill value is a breaching datapoint.
    return needed.number < periods.number and (rises(owner) or needed.number > 1)
