"""What the tasks may do, and what ECS may do to start them: two roles within the pipeline's boundary."""

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
    """`task`: what the application itself may do; `execution`: what ECS needs to start it."""

    task: Role
    execution: Role


@part
def task_roles(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> TaskRoles:
    """The application calls nothing of AWS: its own role may do nothing. `logs`: where its output goes."""
    return TaskRoles(
        task=bounded_role(scope, "TaskRole", "ecs-tasks", boundary),
        execution=_execution_role(scope, boundary, database, logs),
    )


def _execution_role(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> Role:
    """What ECS may do to start a task: pull this image, open this log, read this secret.

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
    """Read the secrets that phoenix.toml names. A key of the account may encrypt them: it decrypts these alone.

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
