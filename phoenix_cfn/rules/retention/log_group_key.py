from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.resource_policies import key_allows_service, key_of
from phoenix_cfn.rules._logs import log_groups
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class LogGroupKey(Rule):
    """The policy of a key that encrypts a log group allows CloudWatch Logs.

    Risk: Creating the log group fails: the key does not exist or is not allowed to be used.

    Fix: Allow logs.REGION.amazonaws.com to encrypt, decrypt and generate data keys in the key's policy.
    """

    id = "E9413"
    shortdesc = "The key of a log group allows CloudWatch Logs"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
    tags = ["R3", "retention"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for group in log_groups(stack):
            key = key_of(stack, group["KmsKeyId"])
            if key is not None and key_allows_service(key, "logs") is False:
                yield finding(group["KmsKeyId"], f"{key.id} does not allow CloudWatch Logs to encrypt {group.id}")
