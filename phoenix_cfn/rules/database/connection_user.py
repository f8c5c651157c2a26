from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import cluster_of, connection_strings, hide_dynamic
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._wires import note, parted


class ConnectionUser(Rule):
    """A connection string with the master user's password has the master user's name.

    Risk: Authentication fails: user name and password do not match.

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
            password = cluster["MasterUserPassword"].text if cluster is not None else None
            if cluster is None or password is None or uri.password != hide_dynamic(password):
                continue
            if parted(stack, uri.user, cluster["MasterUsername"].text):
                tied = note(stack, uri.user, cluster["MasterUsername"].text)
                yield finding(
                    uri.node, f"The user is {uri.user}, that of {cluster.id} is {cluster['MasterUsername'].text}{tied}"
                )
