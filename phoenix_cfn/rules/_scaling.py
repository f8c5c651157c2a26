"""The scaling of a service: its scalable target, the target's policies, and their metrics."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, marked, unmarked

from ._metric_math import Queries
from ._metrics import POLICY, Metric, metrics, of_requests, rises

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def targets(stack: Stack) -> list[Resource]:
    """The scalable targets that are ECS services."""
    return [one for one in stack.of(TARGET) if one["ServiceNamespace"].literal in (None, "ecs")]


def named(stack: Stack, value: Text | None) -> tuple[Text, Text] | None:
    """Cluster and service of a resource id such as service/cluster/service; None if it has another form."""
    if value is None:
        return None
    pieces = marked(value).split("/")
    if len(pieces) != 3 or pieces[0] != "service":
        return None
    return unmarked(pieces[1], value), unmarked(pieces[2], value)


def scaled_service(stack: Stack, resource_id: Node) -> Resource | None:
    """The service of the template that a resource id names."""
    found = named(stack, resource_id.text)
    if found is None:
        return None
    refs = [ref for ref in found[1].refs if ref.name in stack.resources]
    if refs and stack.resources[refs[0].name].type == "AWS::ECS::Service":
        return stack.resources[refs[0].name]
    return stack.resource(stack.expanded(found[1]), "AWS::ECS::Service")


def scalable_target(stack: Stack, service: Resource) -> Resource | None:
    return next((one for one in targets(stack) if scaled_service(stack, one["ResourceId"]) is service), None)


def policies_of(stack: Stack, target: Resource) -> list[Resource] | None:
    """The policies of a scalable target; None if the target of a policy is not known."""
    found = []
    for policy in stack.of(POLICY):
        if policy["ScalingTargetId"].given:
            owner = stack.resource(policy["ScalingTargetId"], TARGET)
            if owner is None and policy["ScalingTargetId"].unknown:
                return None
        else:
            owner = target if policy["ResourceId"].text == target["ResourceId"].text else None
            service = scaled_service(stack, policy["ResourceId"])
            if owner is None and service is not None and service is scaled_service(stack, target["ResourceId"]):
                owner = target
        if owner is target:
            found.append(policy)
    return found


def tracking(policy: Resource) -> Node:
    return policy["TargetTrackingScalingPolicyConfiguration"]


def predefined(policy: Resource) -> str | None:
    return tracking(policy).at("PredefinedMetricSpecification", "PredefinedMetricType").literal


def steered_by(stack: Stack, policy: Resource) -> list[Resource]:
    """The alarms that start a step scaling policy."""
    return [
        alarm
        for alarm in stack.of("AWS::CloudWatch::Alarm")
        if any(stack.resource(node) is policy for key in ("AlarmActions", "OKActions") for node in alarm[key].items)
    ]


def request_metrics(stack: Stack, policy: Resource) -> list[Metric]:
    """The request counts of a policy that adds tasks: its own metrics, or those of its alarms."""
    rising = [alarm for alarm in steered_by(stack, policy) if rises(alarm)]
    found = metrics(policy) + [metric for alarm in rising for metric in metrics(alarm)]
    return [metric for metric in found if of_requests(metric)]


def follows_requests(stack: Stack, policy: Resource) -> bool:
    return predefined(policy) == "ALBRequestCountPerTarget" or bool(request_metrics(stack, policy))


def per_request(owner: Resource, queries: Node) -> float | None:
    """By how much one more request in a period raises the value of metric math; None if not known."""
    math = Queries.of(queries)
    counts = {
        query["Id"].literal or ""
        for query in queries.items
        for metric in metrics(owner)
        if of_requests(metric) and metric.node.path == query.at("MetricStat", "Metric").path
    }
    if len(math.returned) != 1:
        return None
    none = dict.fromkeys(counts, 0.0)
    found = []
    for name in counts:
        # Of two target groups, one receives the requests, as in a blue/green deployment.
        with_one, without = math.value(math.returned[0], {**none, name: 1.0}), math.value(math.returned[0], none)
        if with_one is None or without is None:
            return None
        found.append(with_one - without)
    return max(found, default=None)


def target_rate(policy: Resource) -> float | None:
    """The target of a target tracking policy on request counts, in requests per second; None if not known."""
    wanted = tracking(policy)["TargetValue"].number
    computed = tracking(policy).at("CustomizedMetricSpecification", "Metrics")
    share = per_request(policy, computed) if computed.given else 1.0
    return wanted / share / 60 if wanted is not None and share else None


def alarm_rate(alarm: Resource) -> float | None:
    """The threshold of an alarm on request counts, in requests per second; None if it is not such an alarm."""
    limit, counted = alarm["Threshold"].number, [metric for metric in metrics(alarm) if of_requests(metric)]
    periods = {metric.period.number for metric in counted}
    if limit is None or not rises(alarm) or len(periods) != 1:
        return None
    share = per_request(alarm, alarm["Metrics"]) if alarm["Metrics"].given else 1.0
    period = periods.pop()
    return limit / share / period if share and period else None
