from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._database import cluster_of, connection_strings
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


def refuses_retries(engine: str | None) -> bool:
    """Whether an engine is known to be below 8.0.2; without a version, or with 8.0, AWS uses its newest 8.0."""
    if engine is None or not re.fullmatch(r"\d{1,9}(\.\d{1,9})+", engine):
        return False
    version = [int(number) for number in engine.split(".")]
    return version != [8, 0] and version < [8, 0, 2]


class ConnectionRetryWrites(Rule):
    """A connection string for a DocumentDB cluster whose EngineVersion is below 8.0.2 has retryWrites=false.

    Risk: Drivers enable retryable writes by default; with DocumentDB below 8.0.2 every write fails.

    Fix: Add retryWrites=false to the connection string's options.
    """

    id = "E9207"
    shortdesc = "The connection string disables retryable writes"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/retryable-writes.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for uri in connection_strings(stack):
            cluster = cluster_of(stack, uri)
            if cluster is None or not refuses_retries(cluster["EngineVersion"].literal):
                continue
            if uri.lacks("retryWrites") or uri.option("retryWrites") == "true":
                yield finding(
                    uri.node, "The connection string leaves retryable writes enabled, which DocumentDB does not support"
                )
