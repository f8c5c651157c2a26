from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import other_port
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import ports, registrations, services
from phoenix_cfn.rules._wires import note


class ContainerPort(Rule):
    """The port that a service's LoadBalancers names is a port mapping of that container.

    Risk: ECS refuses the service: the container did not have that container port defined.

    Fix: Use the same port, preferably one parameter, in the service and in the container's PortMappings.
    """

    id = "E9106"
    shortdesc = "The container maps the port behind the load balancer"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-loadbalancer.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for registration in registrations(service):
                container = registration.container
                if container is None or registration.port is None or container["PortMappings"].opaque:
                    continue
                if any(mapping["ContainerPortRange"].given for mapping in container["PortMappings"].items):
                    continue
                mapped = ports(container)
                if all(other_port(stack, port, registration.port) for port in mapped):
                    there = ", ".join(str(port) for port in mapped) or "none"
                    tied = note(stack, mapped[0], registration.port) if mapped else ""
                    yield finding(
                        registration.node["ContainerPort"],
                        f"Container {container['Name'].text} maps {there}, not port {registration.port}{tied}",
                    )
