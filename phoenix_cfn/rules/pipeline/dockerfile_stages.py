from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._dockerfile import images
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DockerfileStages(Rule):
    """Every target of a `docker build` in the buildspec is a stage of the Dockerfile.

    Risk: The build fails: the target stage could not be found.

    Fix: Add the stage, or remove the target. The buildspec of `phoenix-cfn init` builds a stage named test only if the
    Dockerfile has one.
    """

    id = "E9722"
    shortdesc = "The Dockerfile has the stages that the buildspec builds"
    source_url = "https://docs.docker.com/reference/cli/docker/buildx/build/#target"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for image in images(stack):
            names = [each.name for each in image.dockerfile.stages if each.name]
            for target in image.targets:
                if "$" not in target and not target.isdigit() and target.lower() not in names:
                    there = ", ".join(names) or "none with a name"
                    yield finding(image.node, f"{image.dockerfile.path} has no stage {target}; it has {there}")
