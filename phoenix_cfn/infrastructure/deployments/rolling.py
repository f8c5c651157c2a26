"""Rolling deployments: new tasks beside the old ones, until all are new; a release that fails rolls back."""

from __future__ import annotations

from troposphere import Ref
from troposphere.cloudwatch import Alarm
from troposphere.ecs import (
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    ThresholdConfiguration,
)

from phoenix_cfn.infrastructure.deployments import Deployment
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope

# Tasks that may fail to start before a deployment fails and rolls back: the lowest that ECS allows.
FAILED_TASKS = 3


def rolling(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm]) -> Deployment:
    """`alarms`: each of them rolls a deployment back when it fires."""
    configuration = DeploymentConfiguration(
        MinimumHealthyPercent=100,
        MaximumPercent=200,
        # Without it a release that never gets healthy hangs for hours.
        DeploymentCircuitBreaker=DeploymentCircuitBreaker(
            Enable=True,
            Rollback=True,
            ThresholdConfiguration=ThresholdConfiguration(Type="COUNT", Value=FAILED_TASKS),
        ),
        Alarms=DeploymentAlarms(Enable=True, Rollback=True, AlarmNames=[Ref(alarm) for alarm in alarms]),
    )
    load_balancers = [
        LoadBalancer(
            ContainerName=scope.settings.name,
            ContainerPort=Ref(scope.parameters.container_port),
            TargetGroupArn=Ref(load_balancing.target_group),
        )
    ]
    # The target group must be attached to a listener.
    return Deployment(configuration, load_balancers, waits_for=[load_balancing.listener])
