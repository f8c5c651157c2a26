from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions, producer
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SourceFormat(Rule):
    """A source artifact from which CloudFormation takes a template is not a clone reference.

    Risk: The deploy action fails: only CodeBuild can use a clone reference.

    Fix: Remove OutputArtifactFormat; the default is CODE_ZIP.
    """

    id = "E9719"
    shortdesc = "The source is an archive where CloudFormation reads it"
    source_url = (
        "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html"
    )
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack, "CloudFormation"):
            for node in action.inputs:
                made_by = producer(action, node.literal) if node.literal else None
                kind = made_by.configuration["OutputArtifactFormat"] if made_by is not None else None
                if kind is not None and kind.literal == "CODEBUILD_CLONE_REF":
                    yield finding(kind, f"CloudFormation cannot read {node.literal}")
