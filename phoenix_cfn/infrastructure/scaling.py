"""Scaling on requests per second per task (R6), and on average CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Parameter, Ref, Sub
from troposphere.applicationautoscaling import (
    CustomizedMetricSpecification,
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingMetric,
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricDimension,
    TargetTrackingMetricStat,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.elasticloadbalancingv2 import TargetGroup

from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.infrastructure.service import Service
from phoenix_cfn.scope import Scope, part

# Seconds until the next scaling activity: new tasks serve requests within a minute; scaling in waits for five.
SCALE_OUT_COOLDOWN = 60
SCALE_IN_COOLDOWN = 300


@part
def scaling(scope: Scope, load_balancing: LoadBalancing, service: Service) -> ScalableTarget:
    """Between MinRunningTasks and MaxRunningTasks. Scales out if one target is exceeded, in if both policies agree."""
    target = scope.add(
        ScalableTarget(
            "ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Sub(f"service/${{{service.cluster.title}}}/${{{service.service.title}.Name}}"),
            MinCapacity=Ref(scope.parameters.min_running_tasks),
            MaxCapacity=Ref(scope.parameters.max_running_tasks),
        )
    )
    stage = scope.parameters.stage_prefix.title
    requests, healthy = load_balancing.numbered("requests"), load_balancing.numbered("healthy")
    _target_tracking(
        scope,
        "RequestScalingPolicy",
        Sub(f"${{{stage}}}-requests-per-second"),
        target,
        scope.parameters.requests_per_second_per_task,
        # In the unit of the parameter: the predefined metric counts requests per minute (10 per second are 600).
        # Without traffic that metric has no data, and a policy without data does not scale in. HealthyHostCount has
        # data while tasks exist, with the same delay; arithmetic treats a missing value as 0. FILL would replace the
        # newest minutes, whose data are delayed, and the policy would never scale out.
        # Two versions have the desired number of tasks each: the sum of their rates is the rate of one task.
        CustomizedMetricSpecification=CustomizedMetricSpecification(
            Metrics=[
                *_metrics(requests, "RequestCountPerTarget", "Sum", load_balancing),
                *_metrics(healthy, "HealthyHostCount", "Average", load_balancing),
                TargetTrackingMetricDataQuery(
                    Id="rate",
                    Label="Requests per second and task",
                    Expression=f"({' + '.join(requests)} + {' + '.join(f'0 * {each}' for each in healthy)}) / 60",
                    ReturnData=True,
                ),
            ]
        ),
    )
    _target_tracking(
        scope,
        "CpuScalingPolicy",
        Sub(f"${{{stage}}}-average-cpu"),
        target,
        scope.parameters.auto_scaling_target_value,
        # Every 20 seconds instead of every minute, with Monitoring of the service.
        PredefinedMetricSpecification=PredefinedMetricSpecification(
            PredefinedMetricType="ECSServiceAverageCPUUtilizationHighResolution"
        ),
    )
    return target


def _metrics(
    groups: Mapping[str, TargetGroup], name: str, statistic: str, load_balancing: LoadBalancing
) -> list[TargetTrackingMetricDataQuery]:
    """A metric of each target group, by its id in the expression."""
    return [
        TargetTrackingMetricDataQuery(
            Id=identifier,
            ReturnData=False,
            MetricStat=TargetTrackingMetricStat(
                Stat=statistic,
                Metric=TargetTrackingMetric(
                    Namespace="AWS/ApplicationELB",
                    MetricName=name,
                    Dimensions=[
                        TargetTrackingMetricDimension(Name=each.Name, Value=each.Value)
                        for each in load_balancing.dimensions(group)
                    ],
                ),
            ),
        )
        for identifier, group in groups.items()
    ]


def _target_tracking(
    scope: Scope, title: str, name: Sub, target: ScalableTarget, value: Parameter, **metric: Any
) -> None:
    """A target tracking policy; both policies have the same cooldowns."""
    scope.add(
        ScalingPolicy(
            title,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                **metric,
                TargetValue=Ref(value),
                ScaleOutCooldown=SCALE_OUT_COOLDOWN,
                ScaleInCooldown=SCALE_IN_COOLDOWN,
            ),
        )
    )
