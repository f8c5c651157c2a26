"""CloudWatch Logs: only the retentions that exist, and an encryption key that Logs may use."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import iam, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTIONS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}


@correction(
    "A log group takes only certain retentions, and a key whose policy lets CloudWatch Logs use it for this group",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def log_groups_are_checked() -> None:
    extend("AWS::Logs::LogGroup", before=_check)


def _check(properties: dict[str, Any]) -> None:
    retention = properties.get("RetentionInDays")
    if retention is not None and int(retention) not in RETENTIONS:
        raise ValueError(f"1 validation error detected: Value '{retention}' at 'retentionInDays' is not allowed")
    key = properties.get("KmsKeyId")
    if key:
        group = (
            f"arn:aws:logs:{ministack.region()}:{ministack.account()}:log-group:{properties.get('LogGroupName', '*')}"
        )
        principal = f"logs.{ministack.region()}.amazonaws.com"
        if not key_allows(key, principal, "kms:Encrypt", {"kms:EncryptionContext:aws:logs:arn": group}):
            raise ValueError(f"The specified KMS key does not exist or is not allowed to be used with {group}")


def key_allows(key_arn: str, service: str, action: str, context: dict[str, str]) -> bool:
    """Whether a key's policy lets a service use it."""
    key = ministack.kms._keys.get(key_arn.rsplit("/", 1)[-1])
    return key is not None and iam.document_allows(key["Policy"], service, action, context)
