"""E9212: The connection string leads to the cluster's endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionHost(Rule):
    """A connection string leads to the cluster's Endpoint, which follows the primary, not to a reader or to one
    instance.

    Risk: Writes fail at once (a reader), or after the first fail-over (an instance).

    Fix: Use the Endpoint attribute of the cluster.
    """

    id = "E9212"
    shortdesc = "The connection string leads to the cluster's endpoint"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            for ref in uri.host.refs:
                resource = stack.resources.get(ref.name)
                if resource is None or not resource.type.startswith("AWS::DocDB::"):
                    continue
                if resource.type != "AWS::DocDB::DBCluster" or ref.attribute != "Endpoint":
                    yield finding(uri.node, f"The connection string leads to {ref}, not to the cluster's Endpoint")
