"""E9718: A project in a pipeline works for the pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions, project
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ProjectOfPipeline(Rule):
    """A project that a pipeline runs has Source and Artifacts of type CODEPIPELINE.

    Risk: The build action fails: the project's artifacts are not the pipeline's.

    Fix: Set both types to CODEPIPELINE.
    """

    id = "E9718"
    shortdesc = "A project in a pipeline works for the pipeline"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack, "CodeBuild"):
            owner = project(stack, action)
            nodes = [owner.at("Source", "Type"), owner.at("Artifacts", "Type")] if owner is not None else []
            for node in nodes:
                if node.literal is not None and node.literal != "CODEPIPELINE":
                    yield finding(node, f"This is {node.literal}, but the pipeline runs this project")
