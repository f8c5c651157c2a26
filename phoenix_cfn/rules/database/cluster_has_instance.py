from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters, instances
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ClusterHasInstance(Rule):
    """A database cluster has at least one instance.

    Risk: A cluster without an instance is storage only; its endpoint accepts no connections.

    Fix: Add an AWS::DocDB::DBInstance.
    """

    id = "E9223"
    shortdesc = "The cluster has an instance"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            if instances(stack, cluster) == []:
                yield finding(cluster.here, f"{cluster.id} has no instance")
