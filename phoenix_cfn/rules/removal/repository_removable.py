from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._removal import kept
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class RepositoryRemovable(Rule):
    """A repository has EmptyOnDelete, or a DeletionPolicy retains it.

    Risk: Deleting the stack fails while the repository contains an image.

    Fix: Set EmptyOnDelete to true.
    """

    id = "E9951"
    shortdesc = "The image repository is deleted with its stack"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html"
    )
    tags = ["removal", "storage"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for repository in stack.of("AWS::ECR::Repository"):
            node = repository["EmptyOnDelete"]
            if not node.true and not node.unknown and not kept(repository):
                yield finding(
                    node if node.given else repository.here, f"{repository.id} blocks the deletion of its stack"
                )
