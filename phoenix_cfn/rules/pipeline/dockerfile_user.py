from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._dockerfile import images
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DockerfileUser(Rule):
    """The USER of the Dockerfile and the User of the container are the same number, where both are numbers. At least
    one of them is set, and it is not root.

    Risk: As root, a vulnerability in the application has all rights in the container. As another user, the process
    cannot write to the files of the image's user.

    Fix: Set USER in the Dockerfile to service.user in phoenix.toml, 1000:1000 by default.
    """

    id = "E9724"
    shortdesc = "The container runs as the user of its image"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for image in images(stack):
            users = image.dockerfile.values(image.stage, "USER")
            made_for = users[-1].partition(":")[0] if users else ""
            value = image.container.get("User")
            runs_as = (image.literal(value) or "?").partition(":")[0] if value else ""
            path = image.dockerfile.path
            if not runs_as and (made_for in ("root", "0") or (not made_for and image.dockerfile.is_bare(image.stage))):
                yield finding(
                    image.node, f"The container runs as root: {path} has no other USER, and the container has no User"
                )
            elif made_for.isdigit() and runs_as.isdigit() and int(made_for) != int(runs_as):
                yield finding(image.node, f"{path} sets the user {made_for}; the container runs as {runs_as}")
