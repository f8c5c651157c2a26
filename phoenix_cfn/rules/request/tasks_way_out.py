"""E9113: The tasks' subnets have a way out."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, pulls_by_endpoint, services


class TasksWayOut(Rule):
    """A task can reach ECR and CloudWatch: from a private subnet through a NAT gateway or endpoints, from a public
    one with a public address.

    Risk: The image cannot be pulled; no task ever starts, and the stack hangs until the deployment gives up.

    Fix: Route the private subnets to a NAT gateway, or add VPC endpoints for ECR, S3 and CloudWatch Logs.
    """

    id = "E9113"
    shortdesc = "The tasks' subnets have a way out"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/networking-outbound.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if pulls_by_endpoint(stack):
            return
        for service in services(stack):
            address = network(service)["AssignPublicIp"]
            unaddressed = not address.unknown and address.literal != "ENABLED"
            for node, subnet, kind in placed(stack, network(service)["Subnets"].items):
                if kind == "isolated":
                    yield finding(node, f"{subnet.id} has no way out: neither a route nor endpoints")
                elif kind == "public" and unaddressed:
                    yield finding(node, f"{subnet.id} leads out by public addresses, which the tasks do not get")
