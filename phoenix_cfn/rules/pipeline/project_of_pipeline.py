from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ProjectOfPipeline(Rule):
    """Source and Artifacts of a project are both of type CODEPIPELINE, or neither is. A pipeline that runs a project of
    another type overrides its source and artifacts.

    Risk: CodeBuild refuses the project: both types must be set to CODEPIPELINE.

    Fix: Set both types to CODEPIPELINE.
    """

    id = "E9718"
    shortdesc = "A project for CodePipeline has the type for source and artifacts"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for project in stack.of("AWS::CodeBuild::Project"):
            source, artifacts = project.at("Source", "Type"), project.at("Artifacts", "Type")
            for node, other in ((source, artifacts), (artifacts, source)):
                if other.literal == "CODEPIPELINE" and node.literal not in (None, "CODEPIPELINE"):
                    yield finding(node, f"This type is {node.literal}, the other type of {project.id} is CODEPIPELINE")
