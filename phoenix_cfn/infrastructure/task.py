"""The task definition: the container with its size, volumes, variables and secrets."""

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
    """`definition`: the task definition; `roles`: of ECS and of the application; `log_group`: the container's output.

    `database` must exist before a task starts.
    """

    definition: TaskDefinition
    roles: TaskRoles
    log_group: LogGroup
    database: Database

    def allow(self, statement: Statement) -> None:
        """Allows the application to call AWS. The next build updates the pipeline's boundary for the role."""
        role = self.roles.task
        if "Policies" not in role.properties:
            document = PolicyDocument(Version="2012-10-17", Statement=[])
            role.Policies = [Policy(PolicyName="application", PolicyDocument=document)]
        role.Policies[0].PolicyDocument.Statement.append(statement)

    def set_variable(self, name: str, value: object) -> None:
        """Sets an environment variable of the container. Not for secrets: the console shows the value."""
        (container,) = self.definition.ContainerDefinitions
        container.Environment.append(Environment(Name=name, Value=value))


@part
def task(scope: Scope, release: ReleaseParameters, database: Database) -> Task:
    """One container with the image of the release and a read-only root file system."""
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
                    # An init process that reaps zombie processes and forwards SIGTERM.
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
                            # A blocked log must not block requests; the buffer has room for some minutes.
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
    """Disables the rule for the kata's variable name if the settings choose another."""
    if scope.settings.database.variable == DatabaseSettings().variable:
        return {}
    return {"Metadata": suppress(cfn_lint={"E9213": "database.variable in phoenix.toml sets another name."})}


def _process(scope: Scope) -> dict[str, Any]:
    """Command and user of the container. 1000 is `node` in the official images; a number needs no /etc/passwd."""
    service = scope.settings.service
    command = {"Command": list(service.command)} if service.command else {}
    return {**command, **({"User": service.user} if service.user else {})}


def _volumes(scope: Scope) -> dict[str, Any]:
    """A volume for each path that the container may write to, empty when the task starts.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
    """
    names = _writable(scope)
    return {"Volumes": [Volume(Name=name) for name in names]} if names else {}


def _mounts(scope: Scope) -> dict[str, Any]:
    """The mount points of the volumes in the container."""
    mounts = [MountPoint(SourceVolume=name, ContainerPath=path) for name, path in _writable(scope).items()]
    return {"MountPoints": mounts} if mounts else {}


def _writable(scope: Scope) -> dict[str, str]:
    """The paths by the names of their volumes."""
    return {f"writable-{number}": path for number, path in enumerate(scope.settings.service.writable_paths, start=1)}


def _environment(scope: Scope) -> list[Environment]:
    """The variables of the templates and of the fork."""
    variables: dict[str, object] = {
        "NODE_ENV": "production",
        "PORT": Ref(scope.parameters.container_port),
        "WEB_CONCURRENCY": str(scope.settings.service.workers),
    }
    variables |= {name: filled_in(value) for name, value in scope.settings.service.variables.items()}
    return [Environment(Name=name, Value=value) for name, value in variables.items()]


def _secrets(scope: Scope, database: Database) -> dict[str, Any]:
    """The connection string and the fork's secrets, which ECS reads when a task starts."""
    found = [
        *database.secrets,
        *(
            Secret(Name=name, ValueFrom=filled_in(source.value_from))
            for name, source in secret_sources(scope.settings.service.secrets).items()
        ),
    ]
    return {"Secrets": found} if found else {}


def _permissions(scope: Scope, roles: TaskRoles) -> list[Statement]:
    """The fork's permissions of the tasks. The template contains the reasons for wildcard resources."""
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
