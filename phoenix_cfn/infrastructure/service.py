"""The ECS service on Fargate, which replaces tasks that stop (R2)."""

from __future__ import annotations

from msgspec import Struct
from troposphere import AWSObject, GetAtt, Ref, Sub, ecs
from troposphere.cloudwatch import MetricDimension

from phoenix_cfn.cloudformation.facts.ecs import FINE_RESOLUTION
from phoenix_cfn.infrastructure.deployments import Deployment
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.task import Task
from phoenix_cfn.scope import Scope, part


class Service(Struct, frozen=True):
    """`service`: the ECS service; `cluster`: its cluster; `task`: its task definition, roles and log group."""

    cluster: ecs.Cluster
    service: ecs.Service
    task: Task

    def dimensions(self) -> list[MetricDimension]:
        """The dimensions of this service's metrics in AWS/ECS and ECS/ContainerInsights."""
        return [
            MetricDimension(Name="ClusterName", Value=Ref(self.cluster)),
            MetricDimension(Name="ServiceName", Value=GetAtt(self.service, "Name")),
        ]


@part
def fargate_service(
    scope: Scope, cluster: ecs.Cluster, task: Task, network: Network, deployment: Deployment
) -> Service:
    """Private tasks behind the load balancer, in both zones. Only scaling sets their number."""
    service = scope.add(
        ecs.Service(
            "Service",
            # A task becomes healthy only if a listener forwards to the target group and the image is accessible.
            DependsOn=[*deployment.waits_for, *network.egress_routes, *_before_tasks(task, deployment)],
            Cluster=Ref(cluster),
            # Without a revision, ECS uses the latest one when the service is created.
            TaskDefinition=Sub(scope.names.task_family) if deployment.frozen else Ref(task.definition),
            LaunchType="FARGATE",
            PlatformVersion="LATEST",
            # No DesiredCount: a deployment must not reset the number of tasks that scaling has set.
            NetworkConfiguration=ecs.NetworkConfiguration(
                AwsvpcConfiguration=ecs.AwsvpcConfiguration(
                    AssignPublicIp="DISABLED",
                    Subnets=[Ref(subnet) for subnet in network.private],
                    SecurityGroups=[GetAtt(network.groups.tasks, "GroupId")],
                )
            ),
            LoadBalancers=deployment.load_balancers,
            HealthCheckGracePeriodSeconds=60,
            **deployment.properties,
            Monitoring=ecs.MonitoringConfiguration(
                MetricConfigurations=[
                    ecs.MetricConfiguration(
                        MetricNames=["CPUUtilization", "MemoryUtilization"], ResolutionSeconds=FINE_RESOLUTION
                    )
                ]
            ),
            EnableECSManagedTags=True,
            PropagateTags="SERVICE",
        )
    )
    return Service(cluster, service, task)


def _before_tasks(task: Task, deployment: Deployment) -> list[AWSObject]:
    """The resources that must exist before a task starts."""
    instances = task.database.instances
    if not deployment.frozen:
        return list(instances)
    # Through the task definition: a frozen service must not change with the number of instances either.
    task.definition.DependsOn = [each.title for each in instances]
    return [task.definition]
