"""The ECS cluster with Container Insights."""

from __future__ import annotations

from troposphere import Sub
from troposphere.ecs import Cluster, ClusterSetting

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.scope import Scope, part


@part
def cluster(scope: Scope) -> Cluster:
    """The ECS cluster, for this service only."""
    name = scope.names.cluster
    insights = log_group(scope, "ContainerInsightsLogGroup", f"/aws/ecs/containerinsights/{name}/performance")
    return scope.add(
        Cluster(
            "Cluster",
            # ECS would create the log group of Container Insights with another retention.
            DependsOn=insights,
            ClusterName=Sub(name),
            ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")],
        )
    )
