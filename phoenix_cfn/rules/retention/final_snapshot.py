from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class FinalSnapshot(Rule):
    """A cluster's DeletionPolicy and UpdateReplacePolicy are Snapshot (or Retain).

    Risk: The data and the automatic backups are deleted with the stack, or by a change that replaces the cluster.

    Fix: Set DeletionPolicy and UpdateReplacePolicy to Snapshot.
    """

    id = "E9412"
    shortdesc = "The database leaves a final snapshot"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
    )
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            lossy = [
                (key, node)
                for key in ("DeletionPolicy", "UpdateReplacePolicy")
                if not (node := cluster.attribute(key)).unknown
                and node.literal not in ("Snapshot", "Retain", "RetainExceptOnCreate")
            ]
            if lossy:
                said = " and ".join(f"{key} {node.literal or 'Delete'}" for key, node in lossy)
                place = next((node for _, node in lossy if node.given), cluster.here)
                yield finding(place, f"{cluster.id} has {said}")
