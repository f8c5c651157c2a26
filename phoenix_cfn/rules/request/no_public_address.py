"""E9114: Tasks have no public address."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, services


class NoPublicAddress(Rule):
    """A service's tasks get no public address of their own.

    Risk: The tasks can be reached around the load balancer as soon as a security group is opened too far.

    Fix: Set AssignPublicIp to DISABLED and put the tasks into private subnets that lead out through a NAT
    gateway.
    """

    id = "E9114"
    shortdesc = "Tasks have no public address"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"
    tags = ["security", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            address = network(service)["AssignPublicIp"]
            if address.literal == "ENABLED":
                yield finding(address, f"The tasks of {service.id} get public addresses")
