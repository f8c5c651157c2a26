from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings, for_documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionAuthSource(Rule):
    """A connection string for DocumentDB that names a database has authSource=admin.

    Risk: A driver authenticates against the named database; users of DocumentDB are in admin. AWS does not document
    whether DocumentDB requires authSource, and its samples omit it, so this is a warning.

    Fix: Add authSource=admin to the connection string's options.
    """

    id = "W9208"
    shortdesc = "The connection string sets authSource"
    source_url = "https://www.mongodb.com/docs/manual/reference/connection-string-options/"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            if not for_documentdb(stack, uri) or not uri.database or uri.user is None:
                continue
            source = uri.option("authSource")
            if uri.lacks("authSource") or (source is not None and source != "admin"):
                yield finding(
                    uri.node, f"The connection string authenticates against {source or uri.database}, not admin"
                )
