"""Policies: what a role is allowed, and where that cannot be known."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.policies import grants, managed_name, statements
from phoenix_cfn.cloudformation.values import Ref, text
from tests.cloudformation.reading import stack


def role(*properties: str, others: str = "") -> str:
    return f"""
Parameters: {{Action: {{Type: String}}, Arn: {{Type: String}}}}
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Other: {{Type: AWS::S3::Bucket}}
  Role:
    Type: AWS::IAM::Role
    Properties: {{{", ".join(properties)}}}
{others}
"""


def inline(*statement: str) -> str:
    return f"Policies: [{{PolicyDocument: {{Statement: [{', '.join(f'{{{each}}}' for each in statement)}]}}}}]"


READ = "Effect: Allow, Action: 's3:Get*', Resource: !GetAtt Bucket.Arn"
ATTACHED = (
    "  Policy: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role], "
    "PolicyDocument: {Statement: {Effect: Allow, Action: s3:GetObject, Resource: '*'}}}}"
)
MAYBE_ATTACHED = (
    "  Policy: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Arn], "
    "PolicyDocument: {Statement: {Effect: Allow, Action: s3:GetObject, Resource: '*'}}}}"
)


@pytest.mark.parametrize(
    ("text", "action", "resource", "expected"),
    [
        (role(inline(READ)), "s3:GetObject", "Bucket", True),
        (role(inline(READ)), "S3:getobject", "Bucket", True),
        (role(inline(READ)), "s3:GetObject", "Other", False),
        (role(inline(READ)), "s3:GetObject", None, True),
        (role(inline(READ)), "s3:PutObject", "Bucket", False),
        (role(inline("Effect: Deny, Action: '*', Resource: '*'")), "s3:GetObject", None, False),
        (role(inline("Effect: Allow, NotAction: 'iam:*', Resource: '*'")), "s3:GetObject", None, True),
        (role(inline("Effect: Allow, NotAction: 's3:*', Resource: '*'")), "s3:GetObject", None, False),
        (role(inline("Effect: Allow, Action: '*', Resource: !Ref Arn")), "s3:GetObject", "Bucket", None),
        (role(inline("Effect: Allow, Action: !Ref Action, Resource: '*'")), "s3:GetObject", None, None),
        (role("ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']"), "s3:GetObject", None, True),
        (role("ManagedPolicyArns: ['arn:aws:iam::aws:policy/NotInTheTable']"), "s3:GetObject", None, None),
        (role("ManagedPolicyArns: [!Ref Arn]"), "s3:GetObject", None, None),
        (role("Path: /", others=ATTACHED), "s3:GetObject", None, True),
        (role("Path: /", others=MAYBE_ATTACHED), "s3:GetObject", None, None),
        (role("Path: /"), "s3:GetObject", None, False),
        (role("Policies: !Ref Arn"), "s3:GetObject", None, None),
    ],
)
def test_what_a_role_is_allowed(text: str, action: str, resource: str | None, expected: bool | None) -> None:
    read = stack(text)
    target = read.resources[resource] if resource else None
    assert grants(read, read.resources["Role"]).allow(action, target) is expected


def test_statements_of_a_document() -> None:
    read = stack(role(inline(READ, "Effect: Deny, NotAction: [a:B, c:D], Resource: '*'")))
    allow, deny = statements(read.resources["Role"].at("Policies", 0, "PolicyDocument"))
    assert (allow.allows, allow.negated, allow.actions, allow.known) == (True, False, ("s3:Get*",), True)
    assert (deny.allows, deny.negated, deny.actions, deny.known) == (False, True, ("a:B", "c:D"), True)


def test_managed_policies_of_aws_have_a_name() -> None:
    arn = text("arn:", Ref("AWS::Partition"), ":iam::aws:policy/service-role/X")
    assert managed_name(arn) == "service-role/X"
    assert managed_name(text("arn:aws:iam::123456789012:policy/X")) is None
    assert managed_name(None) is None
