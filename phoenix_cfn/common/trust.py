"""Trust policies of roles: for one service, on behalf of this account."""

from __future__ import annotations

from awacs import sts
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals, StringEqualsIfExists
from troposphere import Ref

# Services whose documentation has the condition in the trust policy of their role.
# https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
_DOCUMENTED = frozenset(("codebuild", "ecs-tasks"))


def trusts(service: str) -> PolicyDocument:
    """A trust policy for a service such as `ecs-tasks`.

    The condition prevents other accounts from using the service as a confused deputy. CloudFormation, CodePipeline,
    EventBridge and Lambda do not document the condition key: for them, the condition applies only if the key is
    present. If the service never sends a required key, it cannot assume its role.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    equals = StringEquals if service in _DOCUMENTED else StringEqualsIfExists
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
