"""Who may assume a role: one service, on behalf of this account where the service says for whom it asks."""

from __future__ import annotations

from awacs import sts
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals, StringEqualsIfExists
from troposphere import Ref

# Services whose documentation has the condition in the trust policy of their service role.
_SAYS_FOR_WHOM = frozenset(("codebuild", "codepipeline", "ecs-tasks"))


def trusts(service: str) -> PolicyDocument:
    """A trust policy for a service such as `ecs-tasks`.

    The condition keeps the service from being used by another account as a confused deputy. CloudFormation and Lambda
    do not document that they pass the account when they assume a role: with them it holds only if they do, since
    otherwise nothing might deploy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    equals = StringEquals if service in _SAYS_FOR_WHOM else StringEqualsIfExists
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Effect=Allow,
                Principal=Principal("Service", f"{service}.amazonaws.com"),
                Action=[sts.AssumeRole],
                Condition=Condition(equals("aws:SourceAccount", Ref("AWS::AccountId"))),
            )
        ],
    )
