"""The pipeline's roles: each service does its own part, on this stage's resources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack import Stack, get_att, ref, text

# With the operator: two services document that they send the source account.
TRUSTED = {
    "BuildRole": ("codebuild", "StringEquals"),
    "PipelineRole": ("codepipeline", "StringEqualsIfExists"),
    "DeployRole": ("cloudformation", "StringEqualsIfExists"),
    "BucketEmptierRole": ("lambda", "StringEqualsIfExists"),
}


@pytest.mark.parametrize(("role", "service", "operator"), [(role, *trusted) for role, trusted in TRUSTED.items()])
def test_a_role_is_assumed_by_its_service_for_this_account_only(
    pipeline_stack: Stack, role: str, service: str, operator: str
) -> None:
    (trust,) = pipeline_stack.properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert trust["Condition"] == {operator: {"aws:SourceAccount": ref("AWS::AccountId")}}


def test_nothing_is_an_administrator(pipeline_stack: Stack, infrastructure_stack: Stack) -> None:
    for stack in (pipeline_stack, infrastructure_stack):
        assert "AdministratorAccess" not in text(stack.data)
        for role in stack.of_type("AWS::IAM::Role"):
            # Those of the same stack; not AWS's, which are wide since they are for all accounts.
            managed = stack.properties(role).get("ManagedPolicyArns", [])
            assert all(each["Ref"] in stack.of_type("AWS::IAM::ManagedPolicy") for each in managed)
            for statement in statements(stack, role):
                assert not any("*" in action for action in statement["Action"])


def statements(stack: Stack, role: str) -> list[dict[str, Any]]:
    return stack.statements(role) if "Policies" in stack.properties(role) else []


def allowed(stack: Stack, role: str) -> dict[str, Any]:
    return {action: each["Resource"] for each in stack.statements(role) for action in each["Action"]}


def test_codebuild_pushes_to_one_repository(pipeline_stack: Stack) -> None:
    may = allowed(pipeline_stack, "BuildRole")
    assert {action for action, resource in may.items() if resource == ["*"]} == {"ecr:GetAuthorizationToken"}
    assert may["ecr:PutImage"] == [get_att("Repository", "Arn")]
    assert may["s3:PutObject"] == [{"Fn::Sub": "${ArtifactBucket.Arn}/*"}]
    assert may["logs:PutLogEvents"] == [get_att("BuildLogGroup", "Arn")]


def test_codepipeline_deploys_one_stack_with_one_role(pipeline_stack: Stack) -> None:
    may = allowed(pipeline_stack, "PipelineRole")
    assert {action for action, resource in may.items() if resource == ["*"]} == {"cloudformation:ValidateTemplate"}
    assert may["cloudformation:UpdateStack"] == [
        {
            "Fn::Sub": "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}"
            ":stack/${StagePrefix}-phoenix-infrastructure/*"
        }
    ]
    assert may["codebuild:StartBuild"] == [get_att("BuildProject", "Arn")]
    (passing,) = (each for each in pipeline_stack.statements("PipelineRole") if "iam:PassRole" in each["Action"])
    assert passing["Resource"] == [get_att("DeployRole", "Arn")]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
