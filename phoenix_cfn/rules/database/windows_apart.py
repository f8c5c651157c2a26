from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._windows import faults


class WindowsApart(Rule):
    """PreferredBackupWindow (hh24:mi-hh24:mi) and PreferredMaintenanceWindow (ddd:hh24:mi-ddd:hh24:mi) of a DocumentDB
    cluster are at least 30 minutes long and do not overlap.

    Risk: Creating the stack fails: the backup window and the maintenance window must not overlap.

    Fix: Move one of them, or remove both: AWS then chooses them.
    """

    id = "E9234"
    shortdesc = "Backup window and maintenance window do not overlap"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html"
    tags = ["R3", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            backup, maintenance = cluster["PreferredBackupWindow"], cluster["PreferredMaintenanceWindow"]
            for fault in faults(backup.literal, maintenance.literal):
                yield finding(backup if backup.given else maintenance, f"{cluster.id}: {fault}")
