"""The stack's KMS key, for logs, topics, secrets and images."""

from __future__ import annotations

from awacs import kms
from awacs.aws import Allow, ArnLike, Condition, PolicyDocument, Principal, Statement
from troposphere import Sub
from troposphere.kms import Key

from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate


def encryption_key(template: StageTemplate, publisher: str) -> Key:
    """A key for all resources of the stack that support one, except the database.

    `publisher` is the service (such as `cloudwatch`) that publishes to the stack's topic and needs the key: the AWS
    managed key of SNS does not allow it. The database uses the AWS managed key: its snapshots must be readable when
    the stack is deleted, and this key with it.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    with template.written_by(f"{__name__}.encryption_key"):
        return template.add_resource(_key(template.project, publisher))


def _key(project: str, publisher: str) -> Key:
    use = [kms.Decrypt, kms.DescribeKey, kms.Encrypt, kms.GenerateDataKey, kms.ReEncryptFrom, kms.ReEncryptTo]
    return Key(
        "EncryptionKey",
        Description=Sub(f"{project} ${{StagePrefix}}: logs, topics, secrets, images"),
        EnableKeyRotation=True,
        PendingWindowInDays=7,
        **GOES_WITH_THE_STACK,
        KeyPolicy=PolicyDocument(
            Version="2012-10-17",
            Statement=[
                Statement(
                    Sid="AccountDecidesByIam",
                    Effect=Allow,
                    Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
                    Action=[kms.Action("*")],
                    Resource=["*"],
                ),
                Statement(
                    Sid="LogGroupsOfThisAccount",
                    Effect=Allow,
                    Principal=Principal("Service", Sub("logs.${AWS::Region}.amazonaws.com")),
                    Action=use,
                    Resource=["*"],
                    Condition=Condition(
                        ArnLike(
                            "kms:EncryptionContext:aws:logs:arn",
                            Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"),
                        )
                    ),
                ),
                Statement(
                    Sid="PublisherToTheTopic",
                    Effect=Allow,
                    Principal=Principal("Service", f"{publisher}.amazonaws.com"),
                    Action=[kms.Decrypt, kms.GenerateDataKey],
                    Resource=["*"],
                ),
            ],
        ),
    )
