"""Rolling deployments by ECS: new tasks replace the old ones step by step; a failed deployment rolls back."""

from __future__ import annotations

from troposphere import Parameter
from troposphere.cloudwatch import Alarm

from phoenix_cfn.infrastructure.deployments import Deployment, by_ecs, ecs_load_balancer
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing
from phoenix_cfn.scope import Scope


def rolling(scope: Scope, load_balancing: LoadBalancing, alarms: list[Alarm], boundary: Parameter) -> Deployment:
    """ECS replaces the tasks. It needs no role, and so no `boundary`."""
    return Deployment(
        load_balancers=[ecs_load_balancer(scope, load_balancing)],
        properties=by_ecs(alarms),
        # The target group must be attached to a listener.
        waits_for=[load_balancing.listener],
    )
