"""Canary deployments by ECS: some percent of the requests shift first, then all."""

from __future__ import annotations

from troposphere import Parameter
from troposphere.cloudwatch import Alarm
from troposphere.ecs import CanaryConfiguration

from phoenix_cfn.infrastructure.deployments import Deployment
from phoenix_cfn.infrastructure.deployments.shift import shifting
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope


def canary(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """`alarms`: the requests shift back if one of them fires."""
    chosen = scope.settings.deployment
    step = CanaryConfiguration(CanaryPercent=chosen.step_percent, CanaryBakeTimeInMinutes=chosen.step_minutes)
    return shifting(scope, load_balancing, alarms, boundary, {"Strategy": "CANARY", "CanaryConfiguration": step})
