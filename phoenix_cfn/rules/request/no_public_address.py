from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, services


class NoPublicAddress(Rule):
    """A service's tasks have no public IP addresses.

    Risk: With a too permissive security group, requests bypass the load balancer.

    Fix: Set AssignPublicIp to DISABLED, and use private subnets with a route to a NAT gateway.
    """

    id = "E9114"
    shortdesc = "Tasks have no public IP addresses"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"
    tags = ["security", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            address = network(service)["AssignPublicIp"]
            if address.literal == "ENABLED":
                yield finding(address, f"The tasks of {service.id} get public IP addresses")
