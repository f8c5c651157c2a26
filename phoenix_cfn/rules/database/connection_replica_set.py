from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings, for_documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionReplicaSet(Rule):
    """A connection string for DocumentDB has replicaSet=rs0.

    Risk: The driver uses one instance only; after a failover it writes to a replica, and the writes fail.

    Fix: Add replicaSet=rs0 to the connection string's options.
    """

    id = "E9209"
    shortdesc = "The connection string names the replica set"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/connect-to-replica-set.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            if not for_documentdb(stack, uri) or uri.option("directConnection") == "true":
                continue
            name = uri.option("replicaSet")
            if uri.lacks("replicaSet") or (name is not None and name != "rs0"):
                yield finding(uri.node, "The connection string does not name DocumentDB's replica set, rs0")
