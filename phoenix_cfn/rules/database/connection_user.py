"""E9211: The connection string's user is the database's."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import cluster_of, connection_strings
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._values import differ


class ConnectionUser(Rule):
    """The user in a connection string is the master user of the cluster that it leads to.

    Risk: Authentication fails: the user does not exist.

    Fix: Use one parameter for both.
    """

    id = "E9211"
    shortdesc = "The connection string's user is the database's"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-docdb-dbcluster.html"
    )
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            cluster = cluster_of(stack, uri)
            if cluster is not None and differ(uri.user, cluster["MasterUsername"].text):
                yield finding(uri.node, f"The user is {uri.user}, {cluster.id} knows {cluster['MasterUsername'].text}")
