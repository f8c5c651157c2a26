from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._facts import documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class InstanceClassOffered(Rule):
    """Each instance has a class that DocumentDB supports with its cluster's engine version; db.serverless needs a
    cluster with a ServerlessV2ScalingConfiguration.

    Risk: Creating the stack fails after the cluster exists: the combination is not supported.

    Fix: Choose a class that the version supports: db.r4 needs 3.6; db.r6g and db.t4g need 4.0 or later; db.r6gd,
    db.r8g and db.serverless need 5.0 or later.
    """

    id = "E9232"
    shortdesc = "The engine version supports the instance class"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-engine-version-supportability.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for instance in stack.of("AWS::DocDB::DBInstance"):
            cluster = stack.resource(instance["DBClusterIdentifier"], "AWS::DocDB::DBCluster")
            node = instance["DBInstanceClass"]
            if cluster is None or node.literal is None:
                continue
            version = cluster["EngineVersion"].literal
            if version is not None and documentdb.is_offered(node.literal, version) is False:
                yield finding(node, f"DocumentDB {version} does not support {node.literal}")
            elif (
                documentdb.instance_family(node.literal) == "serverless"
                and not cluster["ServerlessV2ScalingConfiguration"].given
            ):
                yield finding(node, f"{cluster.id} has no ServerlessV2ScalingConfiguration")
