from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseEncrypted(Rule):
    """A database cluster has StorageEncrypted.

    Risk: Data, logs, backups and snapshots are not encrypted; an existing cluster cannot be encrypted.

    Fix: Set StorageEncrypted to true.
    """

    id = "E9204"
    shortdesc = "The database is encrypted at rest"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/encryption-at-rest.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            node = cluster["StorageEncrypted"]
            if not node.true and not node.unknown and not cluster["SnapshotIdentifier"].given:
                yield finding(node if node.given else cluster.here, f"{cluster.id} is not encrypted")
