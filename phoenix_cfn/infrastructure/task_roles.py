"""What the tasks may do, and what ECS may do to start them: two roles within the pipeline's boundary."""

from __future__ import annotations

from dataclasses import dataclass

from awacs import ecr, kms, secretsmanager
from awacs import logs as log_actions
from awacs.aws import Allow, Condition, PolicyDocument, Statement, StringEquals
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.iam import Policy, Role
from troposphere.logs import LogGroup

from phoenix_cfn.common.trust import trusts
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.scope import Scope, part


@dataclass(frozen=True)
class TaskRoles:
    """`task`: what the application itself may do; `execution`: what ECS needs to start it."""

    task: Role
    execution: Role


@part
def task_roles(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> TaskRoles:
    """The application calls nothing of AWS: its own role may do nothing. `logs`: where its output goes."""
    return TaskRoles(
        task=_role(scope, "TaskRole", boundary, []),
        execution=_execution_role(scope, boundary, database, logs),
    )


def _execution_role(scope: Scope, boundary: Parameter, database: Database, logs: LogGroup) -> Role:
    """What ECS may do to start a task: pull this image, open this log, read this secret.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    repository = scope.names.repository
    return _role(
        scope,
        "TaskExecutionRole",
        boundary,
        [
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
                Resource=[
                    Sub(f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{repository}")
                ],
            ),
            Statement(
                Sid="WriteTheLog",
                Effect=Allow,
                Action=[log_actions.CreateLogStream, log_actions.PutLogEvents],
                Resource=[GetAtt(logs, "Arn")],
            ),
            Statement(
                Sid="ReadTheConnectionString",
                Effect=Allow,
                Action=[secretsmanager.GetSecretValue],
                Resource=[Ref(database.connection_secret)],
            ),
            Statement(
                Sid="DecryptTheConnectionString",
                Effect=Allow,
                Action=[kms.Decrypt],
                Resource=[GetAtt(scope.key, "Arn")],
                Condition=Condition(StringEquals("kms:ViaService", Sub("secretsmanager.${AWS::Region}.amazonaws.com"))),
            ),
        ],
    )


def _role(scope: Scope, title: str, boundary: Parameter, statements: list[Statement]) -> Role:
    """A role for tasks, where the pipeline's deploy role may make one: under the stage's path, within the boundary."""
    role = Role(
        title,
        AssumeRolePolicyDocument=trusts("ecs-tasks"),
        Path=Sub(scope.names.role_path),
        PermissionsBoundary=Ref(boundary),
    )
    if statements:
        document = PolicyDocument(Version="2012-10-17", Statement=statements)
        role.Policies = [Policy(PolicyName="start-tasks", PolicyDocument=document)]
    return scope.add(role)
