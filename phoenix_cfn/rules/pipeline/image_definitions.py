from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._buildspec import image_definitions
from phoenix_cfn.rules._pipeline import builds
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers
from phoenix_cfn.rules._wires import parted


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
        known = [container["Name"].text for container in all_containers(stack)]
        for owner, spec in builds(stack):
            for name in image_definitions(spec) if known else []:
                if all(parted(stack, one, text(name)) for one in known):
                    node = owner.at("Source", "BuildSpec")
                    there = ", ".join(str(one) for one in known)
                    place = node if node.given else owner.here
                    yield finding(place, f"The buildspec names the container {name}; the task definitions have {there}")
