from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._removal import BUCKET_WRITERS, emptiers, kept
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BucketRemovable(Rule):
    """A custom resource empties a bucket with artifacts or logs when the stack is deleted, or a DeletionPolicy retains
    the bucket.

    Risk: Deleting the stack fails while the bucket contains an object.

    Fix: Add a custom resource that empties the bucket when it is deleted, or set DeletionPolicy to Retain.
    """

    id = "E9952"
    shortdesc = "The bucket is deleted with its stack"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html"
    tags = ["removal", "storage"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        writers = stack.of(*BUCKET_WRITERS)
        for bucket in stack.of("AWS::S3::Bucket"):
            written = any(bucket.id in writer.named for writer in writers)
            if written and not kept(bucket) and not emptiers(stack, bucket):
                yield finding(bucket.here, f"{bucket.id} blocks the deletion of its stack")
