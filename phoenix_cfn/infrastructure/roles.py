"""The roles of the infrastructure stack: each has the stage's path and the pipeline's permissions boundary."""

from __future__ import annotations

from awacs import iam
from awacs.aws import Allow, Condition, PolicyDocument, Statement, StringEquals
from troposphere import Parameter, Ref, Sub
from troposphere.iam import Policy, Role

from phoenix_cfn.common.trust import trusts
from phoenix_cfn.scope import Scope


def bounded_role(scope: Scope, title: str, service: str, boundary: Parameter, *statements: Statement) -> Role:
    """A role for a service such as `ecs`, with the path for which the pipeline's deploy role may create roles."""
    role = Role(
        title,
        AssumeRolePolicyDocument=trusts(service),
        Path=Sub(scope.names.role_path),
        PermissionsBoundary=Ref(boundary),
    )
    if statements:
        document = PolicyDocument(Version="2012-10-17", Statement=list(statements))
        name = "start-tasks" if service == "ecs-tasks" else "deploy"
        role.Policies = [Policy(PolicyName=name, PolicyDocument=document)]
    return scope.add(role)


def pass_task_roles(scope: Scope) -> Statement:
    """The permission to pass the tasks' roles to ECS, for CodeDeploy and for the pipeline's deploy action."""
    return Statement(
        Sid="PassTheRolesOfTheTasks",
        Effect=Allow,
        Action=[iam.PassRole],
        Resource=[Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{scope.names.role_path}*")],
        Condition=Condition(StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com")),
    )
