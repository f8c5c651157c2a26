from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, on_fargate, services
from phoenix_cfn.rules._ways_out import REGISTRY, endpoints_fail, may_have_others, needs, tasks_are_shut


class TasksWayOut(Rule):
    """A Fargate task can reach the registry of its image, its log group and its secrets: by a route to the internet
    (from a private subnet through a NAT gateway, from a public subnet with a public IP address), or by an endpoint for
    each of these services, with private DNS and a security group that allows the tasks. The tasks' security groups
    allow port 443 out.

    Risk: The image cannot be pulled, and no task starts; the stack waits until the deployment times out.

    Fix: Add a route to a NAT gateway to the private subnets, or add VPC endpoints: ecr.api, ecr.dkr, logs, a gateway
    for s3, and secretsmanager or ssm if the task has secrets, with PrivateDnsEnabled, and allow port 443.
    """

    id = "E9113"
    shortdesc = "The tasks can reach the services that they need"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/networking-outbound.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if on_fargate(service) is False:
                continue  # the instance pulls the image and writes the logs
            place = network(service)
            address = place["AssignPublicIp"]
            unaddressed = not address.unknown and address.literal != "ENABLED"
            needed = needs(stack, service)
            failing: dict[str, None] = {}
            routed = False
            for node, subnet, kind in placed(stack, place["Subnets"].items):
                if kind == "private" or (kind == "public" and not unaddressed):
                    routed = True
                    continue
                if may_have_others(stack, subnet):
                    continue
                why = endpoints_fail(stack, service, subnet, needed)
                if why == REGISTRY and kind == "isolated":
                    yield finding(node, f"{subnet.id} has neither a route to the internet nor endpoints")
                elif why == REGISTRY:
                    yield finding(node, f"{subnet.id} is public, and the tasks have no public IP addresses")
                elif why is not None:
                    failing.setdefault(why)
            for why in failing:
                yield finding(
                    place["Subnets"], f"The tasks of {service.id} cannot reach the services that they need: {why}"
                )
            if not failing and tasks_are_shut(stack, service, routed):
                yield finding(place["SecurityGroups"], f"The security groups of {service.id} do not allow port 443 out")
