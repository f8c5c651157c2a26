"""Scaling: more tasks above ten requests a second each (R6)."""

from __future__ import annotations

from typing import Any

from tests.stack import Stack, get_att, ref


def policy(stack: Stack, title: str) -> dict[str, Any]:
    properties = stack.properties(title)
    assert properties["ScalingTargetId"] == ref("ScalableTarget")
    found: dict[str, Any] = properties["TargetTrackingScalingPolicyConfiguration"]
    return found


def test_the_services_desired_count_moves_between_minimum_and_maximum(infrastructure_stack: Stack) -> None:
    target = infrastructure_stack.properties("ScalableTarget")
    assert target["ResourceId"] == {"Fn::Sub": "service/${Cluster}/${Service.Name}"}
    assert target["ScalableDimension"] == "ecs:service:DesiredCount"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (ref("MinRunningTasks"), ref("MaxRunningTasks"))


def test_requests_are_counted_per_second_and_task(infrastructure_stack: Stack) -> None:
    configuration = policy(infrastructure_stack, "RequestScalingPolicy")
    assert configuration["TargetValue"] == ref("RequestsPerSecondPerTask")
    assert infrastructure_stack.parameters["RequestsPerSecondPerTask"]["Default"] == 10
    requests, rate = configuration["CustomizedMetricSpecification"]["Metrics"]
    # A sum over one minute, made a rate per second.
    assert requests["MetricStat"]["Stat"] == "Sum"
    assert rate["Expression"] == "FILL(requests, 0) / 60"
    assert (requests["ReturnData"], rate["ReturnData"]) == (False, True)
    assert requests["MetricStat"]["Metric"] == {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCountPerTarget",
        "Dimensions": [
            {"Name": "LoadBalancer", "Value": get_att("LoadBalancer", "LoadBalancerFullName")},
            {"Name": "TargetGroup", "Value": get_att("TargetGroup", "TargetGroupFullName")},
        ],
    }


def test_average_cpu_scales_too(infrastructure_stack: Stack) -> None:
    configuration = policy(infrastructure_stack, "CpuScalingPolicy")
    assert configuration["TargetValue"] == ref("AutoScalingTargetValue")
    assert configuration["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilizationHighResolution"
    }


def test_tasks_come_faster_than_they_go(infrastructure_stack: Stack) -> None:
    for title in ("RequestScalingPolicy", "CpuScalingPolicy"):
        configuration = policy(infrastructure_stack, title)
        assert configuration["ScaleOutCooldown"] < configuration["ScaleInCooldown"]
