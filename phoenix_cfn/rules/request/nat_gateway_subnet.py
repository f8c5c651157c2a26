from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NatGatewaySubnet(Rule):
    """A public NAT gateway is in a subnet with a route to an internet gateway.

    Risk: The private subnets have a route to the NAT gateway, but no access to the internet: images cannot be pulled.

    Fix: Set SubnetId to a public subnet.
    """

    id = "E9115"
    shortdesc = "A NAT gateway is in a public subnet"
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for gateway in stack.of("AWS::EC2::NatGateway"):
            for node, subnet, kind in placed(stack, [gateway["SubnetId"]]):
                if kind != "public" and gateway["ConnectivityType"].literal != "private":
                    yield finding(node, f"{subnet.id} is {kind}: it has no route to an internet gateway")
