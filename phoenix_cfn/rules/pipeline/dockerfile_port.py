from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._dockerfile import images, listed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DockerfilePort(Rule):
    """The Dockerfile exposes the container's port, unless it uses the variable PORT, which the template sets.

    Risk: No task becomes healthy: the application does not listen on the container's port.

    Fix: Set service.container_port in phoenix.toml to the port in EXPOSE, or let the application read PORT.
    """

    id = "E9726"
    shortdesc = "The application listens on the port that the load balancer uses"
    source_url = "https://docs.docker.com/reference/dockerfile/#expose"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for image in images(stack):
            words = [
                *(each for word in ("ENV", "CMD", "ENTRYPOINT") for each in image.dockerfile.values(image.stage, word))
            ]
            exposed = [port for each in image.dockerfile.values(image.stage, "EXPOSE") for port in listed(each)]
            ports = {port.partition("/")[0] for port in exposed}
            wanted = [
                image.literal(each.get("ContainerPort"))
                for each in image.container.get("PortMappings") or []
                if isinstance(each, dict)
            ]
            if not ports or any("PORT" in each for each in words) or not all(port.isdigit() for port in ports):
                continue
            for port in wanted:
                if port is not None and port not in ports:
                    there = ", ".join(sorted(ports))
                    yield finding(
                        image.node, f"{image.dockerfile.path} exposes {there}; the container's port is {port}"
                    )
