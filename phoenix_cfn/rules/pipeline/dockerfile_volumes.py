from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._dockerfile import images, listed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DockerfileVolumes(Rule):
    """The Dockerfile declares a VOLUME for each path where the container mounts storage of the task, unless the
    container runs as root or mounts it read-only.

    Risk: Fargate creates the directory with the owner root: the application cannot write to it.

    Fix: Create the directory in the Dockerfile, change its owner to the user, and declare it: RUN mkdir -p /data &&
    chown 1000 /data, then VOLUME /data.
    """

    id = "E9725"
    shortdesc = "The container's user may write to its storage"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for image in images(stack):
            declared = [path for each in image.dockerfile.values(image.stage, "VOLUME") for path in listed(each)]
            if any("$" in path for path in declared) or image.container.get("User") in ("root", "0", "0:0"):
                continue
            for point in image.container.get("MountPoints") or []:
                path = point.get("ContainerPath") if isinstance(point, dict) else None
                if not isinstance(path, str) or str(point.get("ReadOnly", False)).lower() == "true":
                    continue
                if path.rstrip("/") not in {each.rstrip("/") for each in declared}:
                    yield finding(
                        image.node, f"{image.dockerfile.path} has no VOLUME {path}, where the container writes"
                    )
