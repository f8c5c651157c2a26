from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.resource_policies import key_of
from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._removal import kept
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SnapshotReadable(Rule):
    """A database with a final snapshot is not encrypted with a key that is deleted with the same stack.

    Risk: The key is deleted with the stack, and the snapshot can no longer be restored.

    Fix: Remove KmsKeyId (the AWS managed key stays), or set the key's DeletionPolicy to Retain.
    """

    id = "E9955"
    shortdesc = "The final snapshot can be restored"
    source_url = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
    tags = ["removal", "storage"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            key = key_of(stack, cluster["KmsKeyId"])
            if key is not None and not kept(key) and cluster.attribute("DeletionPolicy").literal == "Snapshot":
                yield finding(
                    cluster["KmsKeyId"], f"{key.id} is deleted with the stack, the snapshot of {cluster.id} stays"
                )
