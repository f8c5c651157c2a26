"""Who may assume a role: one service, and only on behalf of this account."""

from __future__ import annotations

from awacs import sts
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Ref


def trusts(service: str) -> PolicyDocument:
    """A trust policy for a service such as `ecs-tasks`.

    The condition keeps the service from being used by another account as a confused deputy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Effect=Allow,
                Principal=Principal("Service", f"{service}.amazonaws.com"),
                Action=[sts.AssumeRole],
                Condition=Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId"))),
            )
        ],
    )
