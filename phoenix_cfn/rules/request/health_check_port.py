from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import may_connect, other_port
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import (
    containers,
    has_own_network,
    load_balancers,
    network,
    platform,
    ports,
    registrations,
    services,
    task_definition,
)


class HealthCheckPort(Rule):
    """A target group's HealthCheckPort is traffic-port, or a port of the task that its security groups allow from the
    load balancer, or, in network mode bridge, a port that a container maps.

    Risk: All targets stay unhealthy; ECS replaces task after task.

    Fix: Remove HealthCheckPort, or set it to traffic-port.
    """

    id = "E9110"
    shortdesc = "The health check uses a port that responds"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for registration in registrations(service):
                target_group, container = registration.target_group, registration.container
                # The containers of a task share its address: another container may respond.
                behind = containers(task_definition(service))
                if target_group is None or container is None or any(one["PortMappings"].opaque for one in behind):
                    continue
                asked = target_group["HealthCheckPort"]
                mapped = [port for one in behind for port in ports(one)]
                if asked.number is None or not all(other_port(stack, port, asked.text) for port in mapped):
                    continue
                if has_own_network(service):
                    worn = network(service)["SecurityGroups"]
                    fronts = [one["SecurityGroups"] for one in load_balancers(stack, target_group)]
                    if any(may_connect(stack, front, worn, asked.text) is False for front in fronts):
                        yield finding(asked, f"The tasks of {service.id} do not allow port {asked.literal}")
                elif platform(task_definition(service)) in (None, "bridge"):
                    yield finding(asked, f"No container of {service.id} maps port {asked.literal}")
