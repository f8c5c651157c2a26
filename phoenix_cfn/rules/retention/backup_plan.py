from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BackupPlan(Rule):
    """The rules of an AWS Backup plan delete recovery points after 7 days.

    Risk: Recovery points never expire, and block the deletion of their vault.

    Fix: Set DeleteAfterDays of Lifecycle to 7.
    """

    id = "E9411"
    shortdesc = "A backup plan keeps recovery points for seven days"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-backup-backupplan.html"
    )
    tags = ["R3", "retention"]
    kata = True
    numbers = {"days": 7}

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for plan in stack.of("AWS::Backup::BackupPlan"):
            for rule in plan.at("BackupPlan", "BackupPlanRule").items:
                node = rule.at("Lifecycle", "DeleteAfterDays")
                if not node.unknown and not rule["Lifecycle"].opaque and node.number != self.config["days"]:
                    yield finding(
                        node if node.given else rule,
                        f"{plan.id} does not delete its backups after {self.config['days']} days",
                    )
