"""E9207: The connection string switches retryable writes off."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import connection_strings, for_documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ConnectionRetryWrites(Rule):
    """A connection string for DocumentDB has retryWrites=false.

    Risk: Drivers retry writes by default; DocumentDB (below 8.0.2) answers each write with an error.

    Fix: Add retryWrites=false to the connection string's options.
    """

    id = "E9207"
    shortdesc = "The connection string switches retryable writes off"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/functional-differences.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            if for_documentdb(stack, uri) and (uri.lacks("retryWrites") or uri.option("retryWrites") == "true"):
                yield finding(uri.node, "The connection string leaves retryable writes on, which DocumentDB refuses")
