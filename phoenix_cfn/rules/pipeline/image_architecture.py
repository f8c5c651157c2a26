from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployed import architectures
from phoenix_cfn.rules._pipeline import actions, builds, project, releases
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ImageArchitecture(Rule):
    """The build that makes the image runs on the processor architecture of the task definition in the deployed
    template.

    Risk: No task starts: exec format error.

    Fix: Use LINUX_CONTAINER with X86_64 tasks and ARM_CONTAINER with ARM64 tasks, or build with --platform.
    """

    id = "E9721"
    shortdesc = "The image is built for the processor of the tasks"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            wanted = architectures(template)
            for owner, spec in builds(stack):
                node = owner.at("Environment", "Type")
                made = {"LINUX_CONTAINER": "X86_64", "ARM_CONTAINER": "ARM64"}.get(node.literal or "")
                here = any(project(stack, one) is owner for one in actions(action.pipeline))
                native = "docker build" in spec.text and "--platform" not in spec.text
                if made and wanted and made not in wanted and here and native:
                    yield finding(node, f"The image is built for {made}; the tasks run on {', '.join(sorted(wanted))}")
