from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._dockerfile import images
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DockerfileCommand(Rule):
    """The Dockerfile has a CMD or an ENTRYPOINT, or the container of the deployed template has a Command or an
    EntryPoint, unless the base image may have a suitable one.

    Risk: The container runs an interpreter or a shell without a terminal and exits at once: the deployment fails.

    Fix: Add CMD to the Dockerfile, or set service.command in phoenix.toml.
    """

    id = "E9723"
    shortdesc = "The container has a command"
    source_url = "https://docs.docker.com/reference/dockerfile/#cmd"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for image in images(stack):
            given = any(image.container.get(key) for key in ("Command", "EntryPoint"))
            written = any(image.dockerfile.values(image.stage, word) for word in ("CMD", "ENTRYPOINT"))
            if not given and not written and image.dockerfile.is_bare(image.stage):
                yield finding(image.node, f"{image.dockerfile.path} has no CMD, and the container has no Command")
