"""What scales a service: its scalable target, the policies on it, and what each of them measures."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, marked, unmarked

from ._metrics import POLICY, Metric, metrics, of_requests, per_second, rises

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def targets(stack: Stack) -> list[Resource]:
    """The scalable targets that are ECS services."""
    return [one for one in stack.of(TARGET) if one["ServiceNamespace"].literal in (None, "ecs")]


def named(stack: Stack, value: Text | None) -> tuple[Text, Text] | None:
    """Cluster and service of a resource id like service/cluster/service; None if it is something else."""
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
    """The policies of a scalable target; None where some policy's target is not known."""
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
    """The alarms that set a step-scaling policy off."""
    return [
        alarm
        for alarm in stack.of("AWS::CloudWatch::Alarm")
        if any(stack.resource(node) is policy for key in ("AlarmActions", "OKActions") for node in alarm[key].items)
    ]


def request_metrics(stack: Stack, policy: Resource) -> list[Metric]:
    """The request counts by which a policy adds tasks, by its own metrics or by those of its alarms."""
    rising = [alarm for alarm in steered_by(stack, policy) if rises(alarm)]
    found = metrics(policy) + [metric for alarm in rising for metric in metrics(alarm)]
    return [metric for metric in found if of_requests(metric)]


def follows_requests(stack: Stack, policy: Resource) -> bool:
    return predefined(policy) == "ALBRequestCountPerTarget" or bool(request_metrics(stack, policy))


def expression(policy: Resource) -> Text | None:
    """The metric math whose result a target-tracking policy follows."""
    queries = tracking(policy).at("CustomizedMetricSpecification", "Metrics").items
    result = [
        query["Expression"].text for query in queries if query["Expression"].given and not query["ReturnData"].false
    ]
    return result[0] if len(result) == 1 else None


def target_rate(policy: Resource) -> float | None:
    """The requests a second that a target-tracking policy on request counts aims at; None if its unit is not known."""
    wanted, formula = tracking(policy)["TargetValue"].number, expression(policy)
    if wanted is None or (formula is not None and "*" in str(formula)):
        return None
    return wanted if per_second(formula) else wanted / 60


def alarm_rate(alarm: Resource) -> float | None:
    """The requests a second above which an alarm on one request count goes off; None if it is no such alarm."""
    limit, counted = alarm["Threshold"].number, [metric for metric in metrics(alarm) if of_requests(metric)]
    if limit is None or not rises(alarm) or alarm["Metrics"].given or len(counted) != 1 or not counted[0].period.number:
        return None
    return limit / counted[0].period.number
