from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionHost(Rule):
    """The host in a connection string is the cluster's Endpoint, which follows the primary, not the reader endpoint
    or the endpoint of an instance.

    Risk: Writes fail at once (reader endpoint) or after the first failover (instance endpoint).

    Fix: Use the Endpoint attribute of the cluster.
    """

    id = "E9212"
    shortdesc = "The connection string uses the cluster's endpoint"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            for ref in uri.host.refs:
                resource = stack.resources.get(ref.name)
                if resource is None or not resource.type.startswith("AWS::DocDB::"):
                    continue
                if resource.type != "AWS::DocDB::DBCluster" or ref.attribute != "Endpoint":
                    yield finding(uri.node, f"The connection string uses {ref}, not the cluster's Endpoint")
