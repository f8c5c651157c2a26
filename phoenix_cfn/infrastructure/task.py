"""The task: the container, its size, what it may write, and what it is given."""

from __future__ import annotations

from typing import Any

from awacs.aws import Action, Allow, PolicyDocument, Statement
from msgspec import Struct
from troposphere import GetAtt, Ref, Sub
from troposphere.ecs import (
    ContainerDefinition,
    Environment,
    LinuxParameters,
    LogConfiguration,
    MountPoint,
    PortMapping,
    RuntimePlatform,
    Secret,
    TaskDefinition,
    Volume,
)
from troposphere.iam import Policy
from troposphere.logs import LogGroup

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.common.placeholders import filled_in
from phoenix_cfn.environment import is_wide, secret_sources
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.task_roles import TaskRoles, task_roles
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.settings import DatabaseSettings
from phoenix_cfn.template import suppress


class Task(Struct, frozen=True):
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
            **_metadata(scope),
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
            **_volumes(scope),
            ContainerDefinitions=[
                ContainerDefinition(
                    Name=settings.name,
                    Image=Ref(release.image),
                    Essential=True,
                    **_process(scope),
                    ReadonlyRootFilesystem=True,
                    # Reaps what the application leaves behind and hands it SIGTERM.
                    LinuxParameters=LinuxParameters(InitProcessEnabled=True),
                    StopTimeout=settings.service.stop_timeout,
                    PortMappings=[PortMapping(ContainerPort=Ref(scope.parameters.container_port), Protocol="tcp")],
                    Environment=_environment(scope),
                    **_secrets(scope, database),
                    **_mounts(scope),
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
    task = Task(definition, roles, logs, database)
    for statement in _permissions(scope, roles):
        task.allow(statement)
    return task


def _metadata(scope: Scope) -> dict[str, Any]:
    """The kata's name of the variable is no rule where the settings choose another."""
    if scope.settings.database.variable == DatabaseSettings().variable:
        return {}
    return {"Metadata": suppress(cfn_lint={"E9213": "database.variable in phoenix.toml is another name."})}


def _process(scope: Scope) -> dict[str, Any]:
    """What runs, and as whom: 1000 is `node` in the official images; by number, so that it needs no /etc/passwd."""
    service = scope.settings.service
    command = {"Command": list(service.command)} if service.command else {}
    return {**command, **({"User": service.user} if service.user else {})}


def _volumes(scope: Scope) -> dict[str, Any]:
    """Storage of the task, empty when it starts, for each path that the container may write to.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
    """
    names = _writable(scope)
    return {"Volumes": [Volume(Name=name) for name in names]} if names else {}


def _mounts(scope: Scope) -> dict[str, Any]:
    """Where the volumes are in the container."""
    mounts = [MountPoint(SourceVolume=name, ContainerPath=path) for name, path in _writable(scope).items()]
    return {"MountPoints": mounts} if mounts else {}


def _writable(scope: Scope) -> dict[str, str]:
    """The paths by the names of their volumes."""
    return {f"writable-{number}": path for number, path in enumerate(scope.settings.service.writable_paths, start=1)}


def _environment(scope: Scope) -> list[Environment]:
    """What the templates set, and the fork's variables."""
    variables: dict[str, object] = {
        "NODE_ENV": "production",
        "PORT": Ref(scope.parameters.container_port),
        "WEB_CONCURRENCY": str(scope.settings.service.workers),
    }
    variables |= {name: filled_in(value) for name, value in scope.settings.service.variables.items()}
    return [Environment(Name=name, Value=value) for name, value in variables.items()]


def _secrets(scope: Scope, database: Database) -> dict[str, Any]:
    """The connection string, and the fork's secrets. ECS reads them when a task starts."""
    found = [
        *database.secrets,
        *(
            Secret(Name=name, ValueFrom=filled_in(source.value_from))
            for name, source in secret_sources(scope.settings.service.secrets).items()
        ),
    ]
    return {"Secrets": found} if found else {}


def _permissions(scope: Scope, roles: TaskRoles) -> list[Statement]:
    """What the fork lets its tasks do. The template states the reasons for what is not limited to named resources."""
    allowed = {f"Allow{number}": each for number, each in enumerate(scope.settings.service.allow, start=1)}
    reasons = {sid: each.reason for sid, each in allowed.items() if any(map(is_wide, each.resources))}
    if reasons:
        roles.task.Metadata = {"WideResources": reasons}
    return [
        Statement(
            Sid=sid,
            Effect=Allow,
            Action=[Action(*action.split(":")) for action in each.actions],
            Resource=[filled_in(resource) for resource in each.resources],
        )
        for sid, each in allowed.items()
    ]
