"""Application Auto Scaling's corrections."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab
from tests.local.aws.service import OUTPUTS, container, service
from tests.local.aws.test_corrections import SETTINGS


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


ABOVE, BELOW, NONE = 12.0, 1.0, None


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        # The newest first; the newest one or two are always late.
        ([NONE, ABOVE, ABOVE, ABOVE], 3),
        ([NONE, ABOVE, ABOVE, BELOW], 2),
        # A filled or an incomplete newest datapoint: it never scales out.
        ([0.0, ABOVE, ABOVE, ABOVE], 2),
        ([NONE, 6.0, ABOVE, ABOVE, ABOVE], 2),
        ([NONE, *[BELOW] * 15], 1),
        ([NONE, *[BELOW] * 14, ABOVE], 2),
        # No data is no low load.
        ([NONE] * 17, 2),
    ],
)
def test_policies_need_three_datapoints_to_scale_out_and_fifteen_to_scale_in(
    points: Sequence[float | None], wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _decided(points, monkeypatch) == wanted


def test_scale_in_waits_for_every_policy_that_may(monkeypatch: pytest.MonkeyPatch) -> None:
    low, silent = [NONE, *[BELOW] * 15], [NONE] * 17
    without_data, without_scale_in = _decided(silent, monkeypatch), _decided(silent, monkeypatch, DisableScaleIn=True)
    assert (without_data, without_scale_in) == (2, None)
    from phoenix_cfn.local.aws.autoscaling import Target, agreed

    target = Target("", "", "", 1, 4)
    assert agreed(2, target, [_decided(low, monkeypatch) or 0, without_data or 0]) == 2
    assert agreed(2, target, [_decided(low, monkeypatch) or 0]) == 1


def _decided(points: Sequence[float | None], monkeypatch: pytest.MonkeyPatch, **configuration: Any) -> int | None:
    """What a policy with a target of 10 wants where there are two tasks."""
    os.environ.update(SETTINGS.environment())
    from phoenix_cfn.local.aws import autoscaling

    padded = [*points, *[NONE] * 17]
    monkeypatch.setattr(autoscaling, "_measure", lambda resource, configuration, ago: padded[ago - 1])
    return autoscaling.decide(2, autoscaling.Target("", "", "", 1, 4), {"TargetValue": 10, **configuration})
