"""Log groups with encryption and the same retention (R3)."""

from __future__ import annotations

from troposphere import GetAtt, Sub
from troposphere.logs import LogGroup

from phoenix_cfn.scope import Scope
from phoenix_cfn.template import GOES_WITH_THE_STACK


def log_group(scope: Scope, title: str, name: str) -> LogGroup:
    """A log group with a fixed name, to create before the service that writes to it.

    A service that creates its log group sets no retention, and the events never expire.
    """
    return scope.add(
        LogGroup(
            title,
            LogGroupName=Sub(name),
            RetentionInDays=scope.settings.retention.days,
            KmsKeyId=GetAtt(scope.key, "Arn"),
            **GOES_WITH_THE_STACK,
        )
    )
