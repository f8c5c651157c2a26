from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TlsEnforced(Rule):
    """The database's parameter group does not disable TLS.

    Risk: Passwords and data cross the network unencrypted.

    Fix: Set the parameter tls to enabled, or remove it.
    """

    id = "E9205"
    shortdesc = "The database requires TLS"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/security.encryption.ssl.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for group in stack.of("AWS::DocDB::DBClusterParameterGroup"):
            node = group.at("Parameters", "tls")
            if (node.literal or "").lower() in ("disabled", "false", "off", "0"):
                yield finding(node, f"{group.id} disables TLS")
