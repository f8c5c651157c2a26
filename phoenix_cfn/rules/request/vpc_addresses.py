from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from phoenix_cfn.rules._facts import vpc
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class VpcAddresses(Rule):
    """The address range of a VPC has a prefix from /16 to /28 and is outside 0.0.0.0/8, 127.0.0.0/8,
    169.254.0.0/16, 224.0.0.0/4 and 240.0.0.0/4.

    Risk: Creating the stack fails: the CIDR is invalid.

    Fix: Use a range of RFC 1918, such as 10.0.0.0/16.
    """

    id = "E9131"
    shortdesc = "A VPC has an address range that AWS accepts"
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
    tags = ["wiring", "network"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for network in stack.of("AWS::EC2::VPC"):
            node = network["CidrBlock"]
            try:
                block = ipaddress.IPv4Network(node.literal or "", strict=False)
            except ValueError:
                continue
            if not 16 <= block.prefixlen <= 28 or not vpc.is_assigned(block):
                yield finding(node, f"AWS does not accept {block} for a VPC")
