"""The corrections of IAM's resource types."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, allow, role


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


def test_policies_have_a_largest_size(lab: Lab) -> None:
    many: Any = [allow("s3:GetObject", resource=f"arn:aws:s3:::bucket-{number:04}/*") for number in range(120)]
    assert "Maximum policy size of 10240" in lab.failure({"Role": role("ecs.amazonaws.com", *many)})
    document = {"Version": "2012-10-17", "Statement": many}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert "Maximum policy size of 6144" in lab.failure({"Policy": policy})
