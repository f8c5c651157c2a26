from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import groups, subnets
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import network, services, target_groups


class OneNetwork(Rule):
    """A service's subnets, its security groups and its target groups belong to one VPC.

    Risk: Creating the service fails, or its targets are not reachable.

    Fix: Use the subnets and security groups of one VPC.
    """

    id = "E9119"
    shortdesc = "Load balancer, tasks and target group are in one VPC"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            vpc = network(service)
            members = [*subnets(stack, vpc["Subnets"]), *groups(stack, vpc["SecurityGroups"]), *target_groups(service)]
            networks = {
                found.id for one in members if (found := stack.resource(one["VpcId"], "AWS::EC2::VPC")) is not None
            }
            if len(networks) > 1:
                yield finding(vpc, f"{service.id} uses more than one VPC: {', '.join(sorted(networks))}")
