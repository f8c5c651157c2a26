from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings, for_documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionTls(Rule):
    """A connection string for DocumentDB has tls=true (or the older ssl=true).

    Risk: DocumentDB refuses the connection.

    Fix: Add tls=true to the connection string's options.
    """

    id = "E9206"
    shortdesc = "The connection string enables TLS"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/connect_programmatically.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            if not for_documentdb(stack, uri):
                continue
            if (uri.lacks("tls") and uri.lacks("ssl")) or uri.option("tls") == "false" or uri.option("ssl") == "false":
                yield finding(uri.node, "The connection string does not enable TLS, which DocumentDB requires")
