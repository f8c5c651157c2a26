"""The address ranges that Amazon VPC accepts."""

from __future__ import annotations

import ipaddress

# "This" network, loopback, link-local, multicast and reserved addresses: EC2 returns InvalidVpc.Range.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
# https://www.rfc-editor.org/rfc/rfc5735
_NOT_ASSIGNED = tuple(
    map(ipaddress.IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"))
)


def is_assigned(network: ipaddress.IPv4Network) -> bool:
    """Whether a VPC can have this address range."""
    return not any(network.overlaps(each) for each in _NOT_ASSIGNED)
