"""Policies of resources: whether a service or a role is let in."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.resource_policies import allows_service, key_allows_role, key_allows_service, key_of
from tests.cloudformation.reading import stack


def key(policy: str) -> str:
    return f"""
Parameters: {{Anybody: {{Type: String}}}}
Resources:
  Role: {{Type: AWS::IAM::Role}}
  Key: {{Type: AWS::KMS::Key, Properties: {{{policy}}}}}
  Alias: {{Type: AWS::KMS::Alias, Properties: {{TargetKeyId: !Ref Key}}}}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{KmsMasterKeyId: !Ref Alias}}}}
"""


def allow(principal: str) -> str:
    return f"KeyPolicy: {{Statement: [{{Effect: Allow, Principal: {principal}, Action: 'kms:*', Resource: '*'}}]}}"


@pytest.mark.parametrize(
    ("policy", "cloudwatch", "role"),
    [
        (allow("{Service: cloudwatch.amazonaws.com}"), True, False),
        (allow("{Service: [a.amazonaws.com, cloudwatch.amazonaws.com]}"), True, False),
        (allow("{Service: events.amazonaws.com}"), False, False),
        (allow("{Service: !Ref Anybody}"), True, False),
        (allow("'*'"), True, True),
        (allow("{AWS: '*'}"), True, True),
        (allow("{AWS: !GetAtt Role.Arn}"), False, True),
        (allow("!Ref Anybody"), None, False),
        ("KeyPolicy: {Statement: [{Effect: Deny, Principal: '*'}]}", False, False),
        ("KeyPolicy: !Ref Anybody", None, True),
        ("Enabled: true", False, True),
    ],
)
def test_whom_a_key_lets_in(policy: str, cloudwatch: bool | None, role: bool) -> None:
    read = stack(key(policy))
    assert key_allows_service(read.resources["Key"], "cloudwatch") is cloudwatch
    assert key_allows_role(read.resources["Key"], read.resources["Role"]) is role


def test_a_key_is_named_by_itself_or_by_an_alias() -> None:
    read = stack(key(allow("'*'")))
    found = key_of(read, read.resources["Topic"]["KmsMasterKeyId"])
    assert found is read.resources["Key"]
    assert key_of(read, read.resources["Topic"]["Missing"]) is None


def test_a_policy_that_is_not_there_is_unknown() -> None:
    assert allows_service(stack(key("Enabled: true")).resources["Key"]["KeyPolicy"], "cloudwatch") is None


@pytest.mark.parametrize(
    ("service", "actions", "condition", "allowed"),
    [
        ("events", "['kms:Decrypt', 'kms:GenerateDataKey*']", "{}", True),
        ("events", "['kms:Decrypt']", "{}", False),
        ("events", "'kms:*'", "{StringEquals: {'aws:SourceAccount': '1'}}", False),
        ("events", "'kms:*'", "{ArnLike: {'AWS:SourceArn': 'arn:aws:events:*'}}", False),
        ("cloudwatch", "'kms:*'", "{StringEquals: {'aws:SourceAccount': '1'}}", True),
        ("logs", "['kms:Decrypt', 'kms:GenerateDataKey*']", "{}", False),
        ("logs", "['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:Encrypt']", "{}", True),
        ("events", "!Ref Actions", "{}", None),
    ],
)
def test_what_a_key_lets_a_service_do(service: str, actions: str, condition: str, allowed: bool | None) -> None:
    statement = f"Effect: Allow, Principal: {{Service: {service}.amazonaws.com}}, Action: {actions}, Resource: '*'"
    read = stack(key(f"KeyPolicy: {{Statement: [{{{statement}, Condition: {condition}}}]}}"))
    assert key_allows_service(read.resources["Key"], service) is allowed
