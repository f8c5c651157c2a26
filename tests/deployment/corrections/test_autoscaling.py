"""Application Auto Scaling's corrections."""

from __future__ import annotations

from typing import Any

from ..server import LocalAws
from ..stage import eventually
from .lab import Lab
from .service import OUTPUTS, container, service


def scaling(low: int, high: int, **configuration: Any) -> dict[str, Any]:
    """A scalable target for the lab's service, and a policy with a metric that is always 5."""
    queries = [
        {
            "Id": "nothing",
            "ReturnData": False,
            "MetricStat": {"Stat": "Sum", "Metric": {"Namespace": "Lab", "MetricName": "Nothing"}},
        },
        {"Id": "five", "Expression": "FILL(nothing, 0) + 5", "ReturnData": True},
    ]
    return {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "ecs",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ResourceId": {"Fn::Sub": "service/${Cluster}/${Service.Name}"},
                "MinCapacity": low,
                "MaxCapacity": high,
            },
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "lab",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Target"},
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 4,
                    "ScaleOutCooldown": 10,
                    "ScaleInCooldown": 10,
                    "CustomizedMetricSpecification": {"Metrics": queries},
                    **configuration,
                },
            },
        },
    }


def _count(aws: LocalAws, outputs: dict[str, str]) -> int:
    found = aws.client("ecs").describe_services(cluster=outputs["Cluster"], services=[outputs["Service"]])
    return int(found["services"][0]["desiredCount"])


def test_scalable_target(lab: Lab, aws: LocalAws, image: str) -> None:
    """The count comes up to the minimum; bounds in the wrong order and services that are not there are refused."""
    resources = service(container(image))
    target = {"Target": scaling(2, 3)["Target"]}
    outputs = lab.deploy({**resources, **target}, OUTPUTS)
    eventually(lambda: _count(aws, outputs) == 2, 20, "two tasks")
    assert "cannot be less than minimum" in lab.failure({**resources, "Target": scaling(3, 2)["Target"]})
    target["Target"]["Properties"]["ResourceId"] = "service/nobody/nothing"
    assert "doesn't exist" in lab.failure(target)


def test_target_tracking(lab: Lab, aws: LocalAws, image: str) -> None:
    """Five is above four: out, up to the maximum. Five is far below fifty: in, down to the minimum."""
    resources = service(container(image))
    del resources["Service"]["Properties"]["DesiredCount"]
    outputs = lab.deploy({**resources, **scaling(1, 2)}, OUTPUTS)
    eventually(lambda: _count(aws, outputs) == 2, 60, "out to the maximum")
    assert lab.update(lab.stacks[-1], {**resources, **scaling(1, 2, TargetValue=50)}) == "UPDATE_COMPLETE"
    eventually(lambda: _count(aws, outputs) == 1, 180, "in to the minimum")
    unmeasured = {"PredefinedMetricType": "ECSServiceAverageCPUUtilizationHighResolution"}
    wrong = scaling(1, 2, PredefinedMetricSpecification=unmeasured)
    del wrong["Policy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    assert "needs the service's Monitoring" in lab.failure({**resources, **wrong})
