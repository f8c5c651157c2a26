from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseBackups(Rule):
    """A cluster's BackupRetentionPeriod is 7.

    Risk: By default DocumentDB keeps backups for one day.

    Fix: Set BackupRetentionPeriod to 7.
    """

    id = "E9407"
    shortdesc = "The database's backups are kept for seven days"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore.html"
    tags = ["R3", "retention"]
    kata = True
    numbers = {"days": 7}

    def judge(self, stack: Stack) -> Iterator[Finding]:
        days = self.config["days"]
        for cluster in clusters(stack):
            node = cluster["BackupRetentionPeriod"]
            if not node.given and days != 1:
                yield finding(cluster.here, f"The backups of {cluster.id} are kept for one day, not {days}")
            elif node.number is not None and node.number != days:
                yield finding(node, f"The backups of {cluster.id} are kept for {node.literal} days, not {days}")
