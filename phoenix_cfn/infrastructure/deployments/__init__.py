"""How a release replaces the tasks of the one before: a file for each strategy, named by the setting's value."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast, get_args

from msgspec import Struct
from troposphere import AWSObject, Parameter, Ref
from troposphere.cloudwatch import Alarm
from troposphere.ecs import (
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    ThresholdConfiguration,
)

from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import DeploymentStrategy

if TYPE_CHECKING:
    from phoenix_cfn.infrastructure.service import Service

STRATEGIES: tuple[DeploymentStrategy, ...] = get_args(DeploymentStrategy)

# Tasks that may fail to start before a deployment fails and rolls back: the lowest that ECS allows.
FAILED_TASKS = 3
# What the pipeline reads from a stack with CodeDeploy: the revision to deploy, and the function of the smoke test.
REVISION, SMOKE_TEST = "TaskDefinitionArn", "SmokeTestFunctionName"


def _nothing(scope: Scope, service: Service) -> None:
    """The service is all that the strategy needs."""


class Deployment(Struct, frozen=True):
    """`load_balancers` and `properties`: of the ECS service; `waits_for`: what must exist before it.

    `complete` adds what needs the service. With `frozen`, the service must never change once it exists: something other
    than CloudFormation chooses the revision of its task definition.
    """

    load_balancers: list[LoadBalancer]
    properties: dict[str, Any]
    waits_for: list[AWSObject]
    complete: Callable[[Scope, Service], None] = _nothing
    frozen: bool = False


def deployment_by(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """The strategy of the settings: of `blue-green` by blue_green.py.

    `alarms`: each of them rolls a deployment back when it fires; `boundary`: the permissions boundary of its roles.
    """
    name = scope.settings.deployment.strategy.replace("-", "_")
    build = cast(Callable[..., Deployment], getattr(import_module(f"{__name__}.{name}"), name))
    return build(scope, load_balancing, alarms, boundary)


def ecs_load_balancer(scope: Scope, load_balancing: LoadBalancing, **more: Any) -> LoadBalancer:
    """The port of the container behind the target group."""
    return LoadBalancer(
        ContainerName=scope.settings.name,
        ContainerPort=Ref(scope.parameters.container_port),
        TargetGroupArn=Ref(load_balancing.target_group),
        **more,
    )


def by_ecs(alarms: list[Alarm], **strategy: Any) -> dict[str, Any]:
    """The service's properties for a deployment by ECS itself, which rolls back what fails."""
    return {
        "AvailabilityZoneRebalancing": "ENABLED",
        "DeploymentConfiguration": DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            # Without it a release that never gets healthy hangs for hours.
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(
                Enable=True,
                Rollback=True,
                ThresholdConfiguration=ThresholdConfiguration(Type="COUNT", Value=FAILED_TASKS),
            ),
            Alarms=DeploymentAlarms(Enable=True, Rollback=True, AlarmNames=[Ref(alarm) for alarm in alarms]),
            **strategy,
        ),
    }
