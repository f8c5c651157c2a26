"""Application Auto Scaling: the number of a service's tasks between its bounds, by target tracking."""

from __future__ import annotations

import math
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from . import cloudwatch, metrics, ministack
from .corrections import correction
from .settings import scaled

_AAS = "https://docs.aws.amazon.com/autoscaling/application/userguide"
_DEFAULT_COOLDOWN = 300
# Scale in only when the metric is this far below its target; out as soon as it is above.
_MARGIN = 0.9
# Periods in a row above the target before scaling out, and below it before scaling in.
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
        time.sleep(max(scaled(5), 0.25))
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
        each["PolicyName"]: decide(current, target, each["TargetTrackingScalingPolicyConfiguration"])
        for owner, each in list(_policies.values())
        if owner == key
    }
    if wanted != target.wanted:
        target.wanted = wanted
        print(f"scaling {target.resource_id}: {current} tasks, wanted {wanted}", flush=True)
    count = min(target.maximum, max(target.minimum, max(wanted.values(), default=current)))
    deploying = (ministack.ecs._primary_deployment(service) or {}).get("rolloutState") == "IN_PROGRESS"
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
    if count == current or (deploying and count < current and current <= target.maximum):
        return
    target.changed = time.time()
    print(f"scaling {target.resource_id}: {current} -> {count}", flush=True)
    cluster, name = target.resource_id.removeprefix("service/").split("/")
    ministack.ecs._update_service({"cluster": cluster, "service": name, "desiredCount": count})


def decide(current: int, target: Target, configuration: dict[str, Any]) -> int:
    """How many tasks one policy wants now: in proportion to how far its metric is from the target value."""
    goal = float(configuration["TargetValue"])
    latest = _measure(target.resource_id, configuration, 1)
    if latest is None:
        return current
    since = time.time() - target.changed
    if all(_above(target.resource_id, configuration, ago, goal) for ago in range(1, _PERIODS_OUT + 1)):
        cooled = since >= scaled(float(configuration.get("ScaleOutCooldown", _DEFAULT_COOLDOWN)))
        return max(current + 1, math.ceil(current * latest / goal)) if cooled else current
    below = [_measure(target.resource_id, configuration, ago) for ago in range(1, _PERIODS_IN + 1)]
    if all(each is not None and each < _MARGIN * goal for each in below):
        cooled = since >= scaled(float(configuration.get("ScaleInCooldown", _DEFAULT_COOLDOWN)))
        keep = str(configuration.get("DisableScaleIn", False)).lower() == "true" or not cooled
        return current if keep else max(math.ceil(current * latest / (_MARGIN * goal)), 1)
    return current


def _above(resource_id: str, configuration: dict[str, Any], ago: int, goal: float) -> bool:
    value = _measure(resource_id, configuration, ago)
    return value is not None and value > goal


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
