"""The service: tasks on Fargate that are replaced when they die (R2)."""

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
    """`service`: the ECS service; `cluster`: runs it alone; `task`: what it runs."""

    cluster: ecs.Cluster
    service: ecs.Service
    task: Task

    def dimensions(self) -> list[MetricDimension]:
        """Of the metrics in AWS/ECS and ECS/ContainerInsights that measure this service."""
        return [
            MetricDimension(Name="ClusterName", Value=Ref(self.cluster)),
            MetricDimension(Name="ServiceName", Value=GetAtt(self.service, "Name")),
        ]


@part
def fargate_service(
    scope: Scope, cluster: ecs.Cluster, task: Task, network: Network, deployment: Deployment
) -> Service:
    """Private tasks behind the load balancer, spread over both zones; how many is up to scaling alone."""
    service = scope.add(
        ecs.Service(
            "Service",
            # The target group must hang on a listener, and the first image be in reach, before a task can get healthy.
            DependsOn=[*deployment.waits_for, *network.egress_routes, *_before_tasks(task, deployment)],
            Cluster=Ref(cluster),
            # Without a revision, the newest when the service is created.
            TaskDefinition=Sub(scope.names.task_family) if deployment.frozen else Ref(task.definition),
            LaunchType="FARGATE",
            PlatformVersion="LATEST",
            # No DesiredCount: it belongs to scaling, and a release must not undo what scaling did.
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
    """What must exist before a task starts."""
    instances = task.database.instances
    if not deployment.frozen:
        return list(instances)
    # By way of the task definition: a frozen service must not change with the number of instances, either.
    task.definition.DependsOn = [each.title for each in instances]
    return [task.definition]
