"""The deployment strategies: a file for each, with the name of the setting's value."""

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

# Failed tasks until a deployment fails and rolls back: the minimum of ECS.
FAILED_TASKS = 3
# Outputs that the pipeline reads with CodeDeploy: the revision to deploy, and the function of the smoke test.
REVISION, SMOKE_TEST = "TaskDefinitionArn", "SmokeTestFunctionName"


def _nothing(scope: Scope, service: Service) -> None:
    """Adds nothing: the strategy needs only the service."""


class Deployment(Struct, frozen=True):
    """`load_balancers` and `properties`: of the ECS service; `waits_for`: its dependencies.

    `complete` adds the resources that need the service. With `frozen`, the service must not change after its creation:
    CodeDeploy, not CloudFormation, sets the revision of its task definition.
    """

    load_balancers: list[LoadBalancer]
    properties: dict[str, Any]
    waits_for: list[AWSObject]
    complete: Callable[[Scope, Service], None] = _nothing
    frozen: bool = False


def deployment_by(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """The strategy in the settings: blue_green.py for `blue-green`.

    `alarms`: a deployment rolls back if one of them fires; `boundary`: the permissions boundary of the roles.
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
    """The service's properties for deployments by ECS with rollback."""
    return {
        "AvailabilityZoneRebalancing": "ENABLED",
        "DeploymentConfiguration": DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            # Without it, a deployment that never becomes healthy takes hours.
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(
                Enable=True,
                Rollback=True,
                ThresholdConfiguration=ThresholdConfiguration(Type="COUNT", Value=FAILED_TASKS),
            ),
            Alarms=DeploymentAlarms(Enable=True, Rollback=True, AlarmNames=[Ref(alarm) for alarm in alarms]),
            **strategy,
        ),
    }
