"""Log groups: every one declared, encrypted and emptied after the same number of days (R3)."""

from __future__ import annotations

from troposphere import GetAtt, Sub
from troposphere.kms import Key
from troposphere.logs import LogGroup

from phoenix_cfn.settings import Settings
from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate


def log_group(template: StageTemplate, title: str, name: str, key: Key, settings: Settings) -> LogGroup:
    """A log group under a fixed name, made before the service that writes to it.

    A service that has to make its group itself makes one that is never emptied.
    """
    return template.add_resource(
        LogGroup(
            title,
            LogGroupName=Sub(name),
            RetentionInDays=settings.retention_days,
            KmsKeyId=GetAtt(key, "Arn"),
            **GOES_WITH_THE_STACK,
        )
    )
