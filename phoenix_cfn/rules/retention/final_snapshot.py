"""E9412: The database leaves a snapshot when it goes."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class FinalSnapshot(Rule):
    """A cluster's DeletionPolicy and UpdateReplacePolicy are Snapshot (or Retain).

    Risk: The data goes with the stack, or with a change that replaces the cluster; the automatic backups go,
    too.

    Fix: Set DeletionPolicy and UpdateReplacePolicy to Snapshot.
    """

    id = "E9412"
    shortdesc = "The database leaves a snapshot when it goes"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
    )
    tags = ["R3", "retention"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            for key in ("DeletionPolicy", "UpdateReplacePolicy"):
                node = cluster.attribute(key)
                if not node.unknown and node.literal not in ("Snapshot", "Retain", "RetainExceptOnCreate"):
                    yield finding(
                        node if node.given else cluster.here, f"{cluster.id} has {key} {node.literal or 'Delete'}"
                    )
