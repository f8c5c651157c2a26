"""Application Auto Scaling: the number of a service's tasks between its bounds, by target tracking."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from phoenix_cfn.local.aws import cloudwatch, metrics, ministack
from phoenix_cfn.local.aws.alarm_state import alarm_state, evaluation_range
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import scaled

_AAS = "https://docs.aws.amazon.com/autoscaling/application/userguide"
_DEFAULT_COOLDOWN = 300
# Scale in only when the metric is this far below its target; out as soon as it is above.
_MARGIN = 0.9
# The alarms that a policy makes: so many periods above the target to scale out, and below it to scale in, without
# FILL or M out of N. Nobody may change them.
_PERIODS_OUT, _PERIODS_IN = 3, 15
_PREDEFINED = {
    "ECSServiceAverageCPUUtilization": ("CPUUtilization", 60.0),
    "ECSServiceAverageCPUUtilizationHighResolution": ("CPUUtilization", 20.0),
    "ECSServiceAverageMemoryUtilization": ("MemoryUtilization", 60.0),
}


@dataclass
class Target:
    """A scalable target: an ECS service and its bounds. `changed` is when its count last changed; `wanted` is what each
    policy wanted last.
    """

    account: str
    region: str
    resource_id: str
    minimum: int
    maximum: int
    changed: float = 0.0
    wanted: dict[str, int] = field(default_factory=dict)


_targets: dict[tuple[str, str, str], Target] = {}
_policies: dict[str, tuple[tuple[str, str, str], dict[str, Any]]] = {}


@correction(
    "A scalable target is registered for an existing service", f"{_AAS}/application-auto-scaling-target-tracking.html"
)
def scalable_target() -> None:
    def register(properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
        if properties["ServiceNamespace"] != "ecs" or properties["ScalableDimension"] != "ecs:service:DesiredCount":
            raise ValueError("the local Application Auto Scaling knows ecs:service:DesiredCount only")
        resource = properties["ResourceId"]
        if _service(resource) is None:
            raise ValueError(f"ECS service doesn't exist: {resource}")
        low, high = int(properties["MinCapacity"]), int(properties["MaxCapacity"])
        if low > high:
            raise ValueError("Maximum capacity cannot be less than minimum capacity")
        key = (ministack.account(), ministack.region(), resource)
        if key in _targets:
            _targets[key].minimum, _targets[key].maximum = low, high
        else:
            _targets[key] = Target(*key, low, high)
        return f"{resource}|ecs:service:DesiredCount|ecs", {}

    ministack.handlers["AWS::ApplicationAutoScaling::ScalableTarget"] = {
        "create": lambda logical_id, properties, stack: register(properties),
        "update": lambda physical_id, old, new, stack: register(new),
        "delete": lambda physical_id, properties: _targets.pop(
            (ministack.account(), ministack.region(), physical_id.split("|")[0]), None
        ),
    }


@correction(
    "Target tracking: out as soon as one policy asks for more, in when all agree, with cooldowns, within the bounds",
    f"{_AAS}/target-tracking-scaling-policy-overview.html",
)
def target_tracking() -> None:
    def put(arn: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
        if properties.get("PolicyType") != "TargetTrackingScaling":
            raise ValueError("the local Application Auto Scaling knows TargetTrackingScaling only")
        resource = properties["ScalingTargetId"].split("|")[0]
        key = (ministack.account(), ministack.region(), resource)
        if key not in _targets:
            raise ValueError(f"No scalable target registered for {resource}")
        with ministack.request_scope(*key[:2]):
            _measure(resource, properties["TargetTrackingScalingPolicyConfiguration"], 1)
        _policies[arn] = (key, properties)
        return arn, {"Arn": arn}

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        place = f"{ministack.region()}:{ministack.account()}"
        return put(
            f"arn:aws:autoscaling:{place}:scalingPolicy:{uuid.uuid4()}:policyName/{properties['PolicyName']}",
            properties,
        )

    ministack.handlers["AWS::ApplicationAutoScaling::ScalingPolicy"] = {
        "create": create,
        "update": lambda physical_id, old, new, stack: put(physical_id, new),
        "delete": lambda physical_id, properties: _policies.pop(physical_id, None),
    }
    threading.Thread(target=_run, daemon=True, name="autoscaling").start()


def _service(resource_id: str) -> dict[str, Any] | None:
    service: dict[str, Any] | None = ministack.ecs._services.get(resource_id.removeprefix("service/"))
    return service if service and service["status"] == "ACTIVE" else None


def _run() -> None:
    while True:
        time.sleep(max(scaled(10), 0.25))
        for key, target in list(_targets.items()):
            with ministack.request_scope(target.account, target.region):
                try:
                    _scale(key, target)
                except Exception as error:
                    print(f"autoscaling {target.resource_id}: {type(error).__name__}: {error}", flush=True)


def _scale(key: tuple[str, str, str], target: Target) -> None:
    service = _service(target.resource_id)
    if service is None:
        return
    current = int(service["desiredCount"])
    wanted = {
        each["PolicyName"]: count
        for owner, each in list(_policies.values())
        if owner == key
        and (count := decide(current, target, each["TargetTrackingScalingPolicyConfiguration"])) is not None
    }
    if wanted != target.wanted:
        target.wanted = wanted
        print(f"scaling {target.resource_id}: {current} tasks, wanted {wanted}", flush=True)
    count = agreed(current, target, wanted.values())
    deploying = (ministack.ecs._primary_deployment(service) or {}).get("rolloutState") == "IN_PROGRESS"
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
    if count == current or (deploying and count < current and current <= target.maximum):
        return
    target.changed = time.time()
    print(f"scaling {target.resource_id}: {current} -> {count}", flush=True)
    cluster, name = target.resource_id.removeprefix("service/").split("/")
    ministack.ecs._update_service({"cluster": cluster, "service": name, "desiredCount": count})


def agreed(current: int, target: Target, wanted: Iterable[int]) -> int:
    """What the policies have in common: out as far as any wants, in as far as all want, within the bounds."""
    return min(target.maximum, max(target.minimum, max(wanted, default=current)))


def decide(current: int, target: Target, configuration: dict[str, Any]) -> int | None:
    """How many tasks one policy wants now, in proportion to how far its metric is from the target value: as many as
    there are where its alarms say nothing, which holds back the others' scale-in; None where it has no scale-in and
    so no voice in it.
    """
    goal = float(configuration["TargetValue"])
    points = [_measure(target.resource_id, configuration, ago) for ago in range(1, evaluation_range(_PERIODS_IN) + 1)]
    latest = next((point for point in points if point is not None), None)
    since = time.time() - target.changed
    if latest is not None and _alarm([None if point is None else point > goal for point in points], _PERIODS_OUT):
        cooled = since >= scaled(float(configuration.get("ScaleOutCooldown", _DEFAULT_COOLDOWN)))
        return max(current + 1, math.ceil(current * latest / goal)) if cooled else current
    if str(configuration.get("DisableScaleIn", False)).lower() == "true":
        return None
    below = [None if point is None else point < _MARGIN * goal for point in points]
    if latest is not None and _alarm(below, _PERIODS_IN):
        cooled = since >= scaled(float(configuration.get("ScaleInCooldown", _DEFAULT_COOLDOWN)))
        return max(math.ceil(current * latest / (_MARGIN * goal)), 1) if cooled else current
    return current


def _alarm(breaching: list[bool | None], periods: int) -> bool:
    """Whether an alarm of a policy is in ALARM: it takes missing data as missing."""
    return alarm_state(breaching[: evaluation_range(periods)], periods, periods, "missing", "OK") == "ALARM"


def _measure(resource_id: str, configuration: dict[str, Any], ago: int) -> float | None:
    customized = configuration.get("CustomizedMetricSpecification")
    if customized:
        return cloudwatch.query(customized["Metrics"], ago)
    kind = configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
    if kind not in _PREDEFINED:
        raise ValueError(f"the local Application Auto Scaling does not know {kind}")
    name, period = _PREDEFINED[kind]
    service = _service(resource_id)
    if period == 20 and service is not None and not _measured_every(service, 20):
        raise ValueError(f"{kind} needs the service's Monitoring with a resolution of 20 seconds")
    cluster, service_name = resource_id.removeprefix("service/").split("/")
    return metrics.statistic(
        "AWS/ECS", name, {"ClusterName": cluster, "ServiceName": service_name}, period, "Average", ago
    )


def _measured_every(service: dict[str, Any], seconds: int) -> bool:
    configurations = (service.get("_monitoring") or {}).get("metricConfigurations", [])
    return any(int(each.get("resolutionSeconds", 60)) == seconds for each in configurations)
