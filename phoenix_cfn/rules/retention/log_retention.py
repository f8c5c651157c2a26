from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._logs import log_groups
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class LogRetention(Rule):
    """Every log group has RetentionInDays 7.

    Risk: The logs never expire, at rising cost, or are deleted before seven days are over.

    Fix: Set RetentionInDays to 7.
    """

    id = "E9401"
    shortdesc = "Log groups keep logs for seven days"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html"
    )
    tags = ["R3", "retention"]
    kata = True
    numbers = {"days": 7}

    def judge(self, stack: Stack) -> Iterator[Finding]:
        days = self.config["days"]
        for group in log_groups(stack):
            node = group["RetentionInDays"]
            if not node.given:
                yield finding(group.here, f"{group.id} has no RetentionInDays: its logs never expire")
            elif node.number is not None and node.number != days:
                yield finding(node, f"{group.id} keeps its logs for {node.literal} days, not {days}")
