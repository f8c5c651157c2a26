"""Roles: whom a role trusts, and which services run with it."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.roles import lacking, trusted, trusts, uses
from tests.cloudformation.reading import stack


def role(trust: str) -> str:
    return f"""
Parameters: {{Principal: {{Type: String}}}}
Resources: {{Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {trust}}}}}}}
"""


@pytest.mark.parametrize(
    ("trust", "services", "trusts_tasks"),
    [
        (
            "{Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}}}",
            ["ecs-tasks.amazonaws.com"],
            True,
        ),
        (
            "{Statement: [{Effect: Allow, Principal: {Service: [!Sub 'ecs-tasks.${AWS::URLSuffix}']}}]}",
            ["ecs-tasks.amazonaws.com"],
            True,
        ),
        (
            "{Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}}]}",
            ["lambda.amazonaws.com"],
            False,
        ),
        ("{Statement: [{Effect: Deny, Principal: {Service: ecs-tasks.amazonaws.com}}]}", [], False),
        ("{Statement: [{Effect: Allow, Principal: {Service: !Ref Principal}}]}", ["${Principal}"], None),
        ("{Statement: [{Effect: Allow, Principal: !Ref Principal}]}", None, None),
        ("!Ref Principal", None, None),
    ],
)
def test_whom_a_role_trusts(trust: str, services: list[str] | None, trusts_tasks: bool | None) -> None:
    owner = stack(role(trust)).resources["Role"]
    assert trusted(owner) == services
    assert trusts(owner, "ecs-tasks") is trusts_tasks


USES = """
Resources:
  Role: {Type: AWS::IAM::Role}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ExecutionRoleArn: !GetAtt Role.Arn, TaskRoleArn: !Ref Elsewhere}}
  Function: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn}}
  Rule: {Type: AWS::Events::Rule, Properties: {Targets: [{RoleArn: !GetAtt Role.Arn}]}}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt Role.Arn
      Stages:
        - Actions:
            - {ActionTypeId: {Provider: CloudFormation}, Configuration: {RoleArn: !GetAtt Role.Arn}}
"""


def test_which_services_run_with_a_role() -> None:
    found = {(use.user.id, use.service) for use in uses(stack(USES))}
    assert found == {
        ("Task", "ecs-tasks"),
        ("Function", "lambda"),
        ("Rule", "events"),
        ("Pipeline", "codepipeline"),
        ("Pipeline", "cloudformation"),
    }


def test_the_actions_that_a_role_lacks() -> None:
    read = stack(
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {Policies: [{PolicyDocument: {Statement: {Effect: Allow, Action: 'logs:*', Resource: '*'}}}]}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ExecutionRoleArn: !GetAtt Role.Arn, TaskRoleArn: !Ref Elsewhere}}
"""
    )
    task = read.resources["Task"]
    found = lacking(read, task["ExecutionRoleArn"], ["logs:PutLogEvents", "s3:GetObject"])
    assert found is not None
    assert (found[0].id, found[1]) == ("Role", ["s3:GetObject"])
    assert lacking(read, task["TaskRoleArn"], ["s3:GetObject"]) is None
