"""Blue/green deployments by ECS: all requests shift at once, and the old version keeps running for some minutes."""

from __future__ import annotations

from troposphere import Parameter
from troposphere.cloudwatch import Alarm

from phoenix_cfn.infrastructure.deployments import Deployment
from phoenix_cfn.infrastructure.deployments.shift import shifting
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope


def blue_green(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """`alarms`: the requests shift back if one of them fires."""
    return shifting(scope, load_balancing, alarms, boundary, {"Strategy": "BLUE_GREEN"})
