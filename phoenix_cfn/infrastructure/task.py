"""The task: the container, its size, what it may write, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import PolicyDocument, Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.ecs import (
    ContainerDefinition,
    Environment,
    LinuxParameters,
    LogConfiguration,
    PortMapping,
    RuntimePlatform,
    Secret,
    TaskDefinition,
)
from troposphere.iam import Policy
from troposphere.logs import LogGroup

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.load_balancer import DEREGISTRATION_DELAY
from phoenix_cfn.infrastructure.task_roles import TaskRoles, task_roles
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope, part


@dataclass(frozen=True)
class Task:
    """`definition`: the container; `roles`: what ECS and the application may do; `log_group`: its output.

    `database` must exist before a task starts.
    """

    definition: TaskDefinition
    roles: TaskRoles
    log_group: LogGroup
    database: Database

    def allow(self, statement: Statement) -> None:
        """Lets the application call AWS. The pipeline's boundary for the role follows at the next build."""
        role = self.roles.task
        if "Policies" not in role.properties:
            document = PolicyDocument(Version="2012-10-17", Statement=[])
            role.Policies = [Policy(PolicyName="application", PolicyDocument=document)]
        role.Policies[0].PolicyDocument.Statement.append(statement)

    def set_variable(self, name: str, value: object) -> None:
        """Sets an environment variable of the container. Not for secrets: the value is readable in the console."""
        (container,) = self.definition.ContainerDefinitions
        container.Environment.append(Environment(Name=name, Value=value))


@part
def task(scope: Scope, release: ReleaseParameters, database: Database) -> Task:
    """One container with the image of the release; its root file system is read-only."""
    settings = scope.settings
    logs = log_group(scope, "TaskLogGroup", scope.names.task_logs)
    roles = task_roles(scope, release.role_boundary_arn, database, logs)
    definition = scope.add(
        TaskDefinition(
            "TaskDefinition",
            Family=Sub(scope.names.task_family),
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            RuntimePlatform=RuntimePlatform(
                CpuArchitecture=settings.service.cpu_architecture, OperatingSystemFamily="LINUX"
            ),
            Cpu=str(settings.service.cpu),
            Memory=str(settings.service.memory),
            ExecutionRoleArn=GetAtt(roles.execution, "Arn"),
            TaskRoleArn=GetAtt(roles.task, "Arn"),
            ContainerDefinitions=[
                ContainerDefinition(
                    Name=settings.name,
                    Image=Ref(release.image),
                    Essential=True,
                    # `node` in the official images; by number, so that it needs no /etc/passwd.
                    User="1000:1000",
                    ReadonlyRootFilesystem=True,
                    # Reaps what the application leaves behind and hands it SIGTERM.
                    LinuxParameters=LinuxParameters(InitProcessEnabled=True),
                    StopTimeout=DEREGISTRATION_DELAY,
                    PortMappings=[PortMapping(ContainerPort=Ref(scope.parameters.container_port), Protocol="tcp")],
                    Environment=[
                        Environment(Name="NODE_ENV", Value="production"),
                        Environment(Name="PORT", Value=Ref(scope.parameters.container_port)),
                        Environment(Name="WEB_CONCURRENCY", Value=str(settings.service.workers)),
                    ],
                    Secrets=[Secret(Name="DB_CONNECTION_STRING", ValueFrom=Ref(database.connection_secret))],
                    LogConfiguration=LogConfiguration(
                        LogDriver="awslogs",
                        Options={
                            "awslogs-group": Ref(logs),
                            "awslogs-region": Ref("AWS::Region"),
                            "awslogs-stream-prefix": "task",
                            # A log that stalls must not stall the requests; the buffer holds some minutes of them.
                            "mode": "non-blocking",
                            "max-buffer-size": "25m",
                        },
                    ),
                )
            ],
        )
    )
    return Task(definition, roles, logs, database)
