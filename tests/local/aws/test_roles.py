"""The corrections of IAM's resource types."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, allow, role
from tests.local.aws.sessions import client_of


def test_roles_keep_their_boundary(lab: Lab, aws: LocalAws) -> None:
    """And what lies beyond it is out of reach: here, for CloudFormation with that role."""
    boundary = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("sns:*")]}},
    }
    arns = lab.deploy(
        {
            "Boundary": boundary,
            "Role": role("cloudformation.amazonaws.com", allow("*"), PermissionsBoundary={"Ref": "Boundary"}),
        },
        {"Role": {"Fn::GetAtt": ["Role", "Arn"]}},
    )
    group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
    assert "is not authorized to perform: logs:" in lab.failure(group, RoleARN=arns["Role"])
    lab.deploy({"Topic": {"Type": "AWS::SNS::Topic"}}, RoleARN=arns["Role"])
    assert "does not exist" in lab.failure(
        {"Role": role("ecs.amazonaws.com", PermissionsBoundary="arn:aws:iam::000000000000:policy/nowhere")}
    )


def test_boundaries_know_the_tags_of_resources(lab: Lab, aws: LocalAws) -> None:
    """The role may change every topic, but for its boundary, which lets it change those of one stage."""
    condition = {"StringEquals": {"aws:ResourceTag/Stage": "dev"}}
    boundary = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("sns:*", Condition=condition)]},
        },
    }
    outputs = lab.deploy(
        {
            "Boundary": boundary,
            "Role": role("codedeploy.amazonaws.com", allow("sns:*"), PermissionsBoundary={"Ref": "Boundary"}),
            **{
                name: {"Type": "AWS::SNS::Topic", "Properties": {"Tags": [{"Key": "Stage", "Value": stage}]}}
                for name, stage in (("Ours", "dev"), ("Theirs", "prod"))
            },
        },
        {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Ours": {"Ref": "Ours"}, "Theirs": {"Ref": "Theirs"}},
    )
    client = client_of(aws, "sns", outputs["Role"])
    client.get_topic_attributes(TopicArn=outputs["Ours"])
    with pytest.raises(ClientError, match="AuthorizationError"):
        client.get_topic_attributes(TopicArn=outputs["Theirs"])


def test_policies_have_a_largest_size(lab: Lab) -> None:
    many: Any = [allow("s3:GetObject", resource=f"arn:aws:s3:::bucket-{number:04}/*") for number in range(120)]
    assert "Maximum policy size of 10240" in lab.failure({"Role": role("ecs.amazonaws.com", *many)})
    document = {"Version": "2012-10-17", "Statement": many}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert "Maximum policy size of 6144" in lab.failure({"Policy": policy})
