"""E9113: The tasks' subnets have a way out."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import tier
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import endpoint_name, interface_endpoints, network, services


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
        if any(
            "ecr" in endpoint_name(endpoint) or not endpoint_name(endpoint) for endpoint in interface_endpoints(stack)
        ):
            return
        for service in services(stack):
            vpc = network(service)
            address = vpc["AssignPublicIp"]
            for node in vpc["Subnets"].items:
                subnet = stack.resource(node, "AWS::EC2::Subnet")
                kind = tier(stack, subnet) if subnet is not None else None
                if subnet is not None and kind == "isolated":
                    yield finding(
                        node, f"{subnet.id} has no way out: no NAT gateway, no internet gateway, no endpoints"
                    )
                if subnet is not None and kind == "public" and not address.unknown and address.literal != "ENABLED":
                    yield finding(
                        node, f"{subnet.id} leads out by public addresses, which the tasks of {service.id} do not get"
                    )
