from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._logs import comes_too_late, undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseLogs(Rule):
    """For each log that a cluster exports to CloudWatch, the template declares the log group, and the cluster depends
    on it.

    Risk: DocumentDB creates the log group without a retention, and the logs never expire; or it creates the log group
    first, and creating the stack fails.

    Fix: Declare the log groups /aws/docdb/<cluster>/audit and /aws/docdb/<cluster>/profiler, and add them to the
    cluster's DependsOn.
    """

    id = "E9405"
    shortdesc = "The log groups of the database are declared"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/event-auditing.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            name = stack.name_of(cluster)
            for node in cluster["EnableCloudwatchLogsExports"].items:
                group = text("/aws/docdb/", name, f"/{node.literal}")
                if node.literal is not None and undeclared(stack, group):
                    yield finding(node, f"The template declares no log group {group}")
                elif cluster["DBClusterIdentifier"].given and comes_too_late(stack, cluster, group):
                    yield finding(cluster.here, f"{cluster.id} does not depend on its log group {group}")
