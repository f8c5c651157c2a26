from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._database import cluster_of, connection_strings
from phoenix_cfn.rules._facts import documentdb
from phoenix_cfn.rules._network import default_port, other_port
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._wires import note


class ConnectionPort(Rule):
    """The port in a connection string is the port of its cluster.

    Risk: The application cannot connect: the database listens on another port.

    Fix: Use one parameter, or the cluster's Port attribute, for both.
    """

    id = "E9210"
    shortdesc = "The connection string's port is the database's"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-docdb-dbcluster.html"
    )
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            cluster = cluster_of(stack, uri)
            if cluster is None or (uri.port is not None and any(ref.name == cluster.id for ref in uri.port.refs)):
                continue
            port = uri.port or text(str(documentdb.DEFAULT_PORT))
            if other_port(stack, port, default_port(stack, cluster)):
                yield finding(
                    uri.node,
                    f"The connection string has port {port}, {cluster.id} has {default_port(stack, cluster)}"
                    + note(stack, port, default_port(stack, cluster)),
                )
