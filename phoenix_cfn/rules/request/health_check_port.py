"""E9110: The health check asks a port that the container maps."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import other_port
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import ports, registrations, services


class HealthCheckPort(Rule):
    """A target group's HealthCheckPort is traffic-port, or a port that the container maps.

    Risk: All targets are unhealthy for ever; ECS replaces task after task.

    Fix: Leave HealthCheckPort out, or set it to traffic-port.
    """

    id = "E9110"
    shortdesc = "The health check asks a port that the container maps"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for registration in registrations(service):
                target_group, container = registration.target_group, registration.container
                if target_group is None or container is None or container["PortMappings"].opaque:
                    continue
                asked = target_group["HealthCheckPort"]
                if asked.number is not None and all(other_port(port, asked.text) for port in ports(container)):
                    yield finding(asked, f"Container {container['Name'].text} maps no port {asked.literal}")
