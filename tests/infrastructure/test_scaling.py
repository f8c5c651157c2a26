"""Scaling: more tasks above ten requests a second each (R6)."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.local.aws.metric_math import evaluate
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
    requests, healthy, rate = configuration["CustomizedMetricSpecification"]["Metrics"]
    # A sum over one minute, made a rate per second.
    assert requests["MetricStat"]["Stat"] == "Sum"
    assert rate["Expression"] == "(requests + 0 * healthy) / 60"
    assert [each["ReturnData"] for each in (requests, healthy, rate)] == [False, False, True]
    for query, metric in ((requests, "RequestCountPerTarget"), (healthy, "HealthyHostCount")):
        assert query["MetricStat"]["Metric"] == {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": metric,
            "Dimensions": [
                {"Name": "LoadBalancer", "Value": get_att("LoadBalancer", "LoadBalancerFullName")},
                {"Name": "TargetGroup", "Value": get_att("TargetGroup", "TargetGroupFullName")},
            ],
        }


@pytest.mark.parametrize(
    ("requests", "healthy", "rate"),
    [(660.0, 2.0, 11), (None, 2.0, 0), (None, None, None)],
    ids=["traffic", "no traffic: data, so that tasks can go", "late or no tasks: no data"],
)
def test_the_rate_has_data_where_there_are_tasks(
    infrastructure_stack: Stack, requests: float | None, healthy: float | None, rate: float | None
) -> None:
    expression = policy(infrastructure_stack, "RequestScalingPolicy")["CustomizedMetricSpecification"]["Metrics"][-1]
    assert evaluate(expression["Expression"], {"requests": requests, "healthy": healthy}) == rate


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
