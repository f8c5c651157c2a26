"""E9715: The image definitions name the task's container."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._build import image_definitions
from phoenix_cfn.rules._pipeline import buildspec
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers
from phoenix_cfn.rules._values import differ, text


class ImageDefinitions(Rule):
    """The container name that a buildspec writes into imagedefinitions.json is one of a task definition.

    Risk: The ECS deploy action fails: the task definition has no such container.

    Fix: Use the container's name of the task definition.
    """

    id = "E9715"
    shortdesc = "The image definitions name the task's container"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        names = [container["Name"].text for container in all_containers(stack)]
        for owner in stack.of("AWS::CodeBuild::Project"):
            spec = buildspec(stack, owner)
            for name in image_definitions(spec) if spec is not None and names else []:
                if all(differ(known, text(name)) for known in names):
                    node = owner.at("Source", "BuildSpec")
                    there = ", ".join(str(known) for known in names)
                    yield finding(
                        node if node.given else owner.here,
                        f"The buildspec names the container {name}; there is {there}",
                    )
