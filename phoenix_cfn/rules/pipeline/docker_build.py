from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import builds
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

# CodeBuild's former images for Docker, which run it unless PrivilegedMode is false.
_FOR_DOCKER = "aws/codebuild/docker:"


class DockerBuild(Rule):
    """A project whose buildspec builds images has PrivilegedMode. CodeBuild's former images aws/codebuild/docker run
    Docker without it, unless it is false.

    Risk: The build fails: cannot connect to the Docker daemon.

    Fix: Set PrivilegedMode to true.
    """

    id = "E9717"
    shortdesc = "A build of images may run Docker"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/sample-docker.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner, spec in builds(stack):
            node = owner.at("Environment", "PrivilegedMode")
            off = not node.true and not node.unknown
            image = owner.at("Environment", "Image").literal or ""
            if image.startswith(_FOR_DOCKER) and not node.given:
                continue
            docker = any(re.search(r"\bdocker\s+(buildx\s+)?build\b", command) for command in spec.commands)
            if off and docker and not owner.at("Environment", "DockerServer").given:
                place = node if node.given else owner["Environment"]
                yield finding(place, f"{owner.id} builds an image without PrivilegedMode")
        for owner in stack.of("AWS::CodeBuild::Project"):
            modes = [item.literal for item in owner.at("Cache", "Modes").items]
            node = owner.at("Environment", "PrivilegedMode")
            if "LOCAL_DOCKER_LAYER_CACHE" in modes and not node.true and not node.unknown:
                yield finding(owner["Cache"], "A cache of Docker layers needs PrivilegedMode")
