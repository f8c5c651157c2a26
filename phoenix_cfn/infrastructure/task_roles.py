"""The task role and the execution role, within the pipeline's permissions boundary."""

from __future__ import annotations

from awacs import ecr, kms, secretsmanager
from awacs import logs as log_actions
from awacs.aws import Allow, Condition, Statement, StringEquals, StringLike
from msgspec import Struct
from troposphere import GetAtt, Parameter, Sub
from troposphere.iam import Role
from troposphere.logs import LogGroup

from phoenix_cfn.common.placeholders import filled_in
from phoenix_cfn.environment import secret_sources
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.roles import bounded_role
from phoenix_cfn.scope import Scope, part


class TaskRoles(Struct, frozen=True):
    """`task`: the role of the application; `execution`: the role with which ECS starts tasks."""

    task: Role
    execution: Role


@part
def task_roles(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> TaskRoles:
    """The application does not call AWS: by default its role has no permissions. `logs`: the container's log group."""
    return TaskRoles(
        task=bounded_role(scope, "TaskRole", "ecs-tasks", boundary),
        execution=_execution_role(scope, boundary, database, logs),
    )


def _execution_role(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> Role:
    """The permissions of ECS to start a task: pull the image, write to the log group, read the secrets.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    repository = scope.names.repository
    return bounded_role(
        scope,
        "TaskExecutionRole",
        "ecs-tasks",
        boundary,
        Statement(
            Sid="LogInToTheRegistry",
            Effect=Allow,
            Action=[ecr.GetAuthorizationToken],
            # This action has no resource level.
            Resource=["*"],
        ),
        Statement(
            Sid="PullTheImage",
            Effect=Allow,
            Action=[ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
            Resource=[Sub(f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{repository}")],
        ),
        Statement(
            Sid="WriteTheLog",
            Effect=Allow,
            Action=[log_actions.CreateLogStream, log_actions.PutLogEvents],
            Resource=[GetAtt(logs, "Arn")],
        ),
        *database.statements,
        *_secrets_of_the_fork(scope),
    )


def _secrets_of_the_fork(scope: Scope) -> list[Statement]:
    """Permissions to read the secrets in phoenix.toml, and to decrypt only them with any key of the account.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    sources = list(secret_sources(scope.settings.service.secrets).values())
    if not sources:
        return []
    arns = [filled_in(each) for each in dict.fromkeys(source.pattern for source in sources)]
    regions = dict.fromkeys(source.region for source in sources)
    return [
        Statement(Sid="ReadTheSecrets", Effect=Allow, Action=[secretsmanager.GetSecretValue], Resource=arns),
        Statement(
            Sid="DecryptTheSecrets",
            Effect=Allow,
            Action=[kms.Decrypt],
            Resource=[filled_in(each) for each in dict.fromkeys(source.keys for source in sources)],
            Condition=Condition(
                [
                    StringEquals(
                        "kms:ViaService", [filled_in(f"secretsmanager.{each}.amazonaws.com") for each in regions]
                    ),
                    StringLike("kms:EncryptionContext:SecretARN", arns),
                ]
            ),
        ),
    ]
