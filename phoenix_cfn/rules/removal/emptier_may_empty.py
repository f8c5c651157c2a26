from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import grants
from phoenix_cfn.cloudformation.roles import role
from phoenix_cfn.rules._removal import emptiers
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class EmptierMayEmpty(Rule):
    """The function of a custom resource that empties a bucket may delete the bucket's objects.

    Risk: The function fails, and deleting the stack fails.

    Fix: Allow s3:DeleteObject on the bucket's objects (and s3:DeleteObjectVersion, if it has versions).
    """

    id = "E9953"
    shortdesc = "The function that empties a bucket has the permissions"
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html"
    tags = ["removal", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for bucket in stack.of("AWS::S3::Bucket"):
            for emptier in (one for one, meant in emptiers(stack, bucket) if meant):
                function = stack.resource(emptier["ServiceToken"], "AWS::Lambda::Function")
                held = role(stack, function["Role"]) if function is not None else None
                needed = ["s3:DeleteObject"]
                if bucket.at("VersioningConfiguration", "Status").literal == "Enabled":
                    needed.append("s3:DeleteObjectVersion")
                if held is None:
                    continue
                lacked = [action for action in needed if grants(stack, held).allow(action, bucket) is False]
                if lacked:
                    yield finding(emptier["ServiceToken"], f"{held.id} lacks {', '.join(lacked)} on {bucket.id}")
