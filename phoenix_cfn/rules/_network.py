"""Which connections security groups allow, and which subnets are public, private or isolated."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, differ, same, text
from phoenix_cfn.rules._facts import documentdb

from ._wires import tied_by

ANYWHERE = ("0.0.0.0/0", "::/0")
NOBODY = "127.0.0.1/32"
"""The usual way to allow no egress at all: an empty list allows all egress."""

GROUP = "AWS::EC2::SecurityGroup"

_NUMBERS = {"tcp": "6", "udp": "17"}
# Addresses that are not routed on the internet. https://www.iana.org/assignments/iana-ipv4-special-registry/
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7"),
    )
)

_Block = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_range(cidr: str | None) -> _Block | None:
    """An address range; None if it is not known, or not valid."""
    try:
        return ipaddress.ip_network(cidr or "", strict=False)
    except ValueError:
        return None


def _within(block: _Block, other: _Block) -> bool:
    return block.version == other.version and block.subnet_of(other)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Opening:
    """One rule of a security group: peers and ports."""

    node: Node
    protocol: str | None
    first: Text | None
    last: Text | None
    cidr: Text | None
    peer: Text | None
    group: Resource | None

    @property
    def is_network(self) -> bool:
        """Whether the source is known to be an address range: a literal one, or that of a VPC."""
        return self.cidr is not None and (
            self.cidr.literal is not None or any(ref.attribute == "CidrBlock" for ref in self.cidr.refs)
        )

    @property
    def is_private(self) -> bool:
        """Whether it excludes the internet: a private range, a VPC's range, or a security group of the template."""
        if self.cidr is None:
            return self.group is not None
        if any(ref.attribute == "CidrBlock" for ref in self.cidr.refs):
            return True
        block = address_range(self.cidr.literal)
        return block is not None and any(_within(block, private) for private in _PRIVATE)

    def admits(self, port: Text | None, protocol: str = "tcp") -> bool | None:
        """Whether the rule covers a port of a protocol, tcp or udp."""
        if self.protocol == "-1":
            return True
        if self.protocol is not None and self.protocol.lower() not in (protocol, _NUMBERS[protocol]):
            return False
        if port is None or self.protocol is None:
            return None
        if same(self.first, port) and same(self.last, port):
            return True
        bounds = [number(value) for value in (self.first, port, self.last)]
        first, wanted, last = bounds
        if first is None or wanted is None or last is None:
            return None
        return first <= wanted <= last or first == -1


def number(value: Text | None) -> float | None:
    try:
        return float(value.literal) if value is not None and value.literal is not None else None
    except ValueError:
        return None


def ingress(stack: Stack, group: Resource) -> list[Opening]:
    """The ingress rules of a security group of the template: its own, and those that are resources."""
    return stack.once(
        f"ingress of {group.id}",
        lambda: _openings(stack, group, "SecurityGroupIngress", "AWS::EC2::SecurityGroupIngress", "Source"),
    )


def egress(stack: Stack, group: Resource) -> list[Opening] | None:
    """The egress rules of a security group; None if it has none, or an empty list: all egress is allowed."""
    found = stack.once(
        f"egress of {group.id}",
        lambda: _openings(stack, group, "SecurityGroupEgress", "AWS::EC2::SecurityGroupEgress", "Destination"),
    )
    return found or None


def _openings(stack: Stack, group: Resource, inline: str, kind: str, side: str) -> list[Opening]:
    nodes = group[inline].items
    for rule in stack.of(kind):
        owner = rule["GroupId"] if rule["GroupId"].given else rule["GroupName"]
        if stack.resource(owner, GROUP) is group:
            nodes.append(rule)
    return [_opening(stack, node, side) for node in nodes]


def _opening(stack: Stack, node: Node, side: str) -> Opening:
    cidr = node["CidrIp"] if node["CidrIp"].given else node["CidrIpv6"]
    peer = node[f"{side}SecurityGroupId"]
    if not peer.given:
        peer = node[f"{side}SecurityGroupName"]
    if not peer.given:
        peer = node[f"{side}PrefixListId"]
    return Opening(
        node=node,
        protocol=node["IpProtocol"].literal,
        first=node["FromPort"].text,
        last=node["ToPort"].text,
        cidr=cidr.text,
        peer=peer.text,
        group=stack.resource(peer, GROUP),
    )


def groups(stack: Stack, node: Node) -> list[Resource]:
    """The security groups of the template that a list names."""
    found = (stack.resource(item, GROUP) for item in node.items)
    return [group for group in found if group is not None]


def all_known(stack: Stack, node: Node, *types: str) -> bool:
    """Whether a list contains only resources of the template."""
    return bool(node.items) and node.listed and all(stack.resource(item, *types) for item in node.items)


def may_connect(
    stack: Stack, sources: Node | None, targets: Node, port: Text | None, protocol: str = "tcp"
) -> bool | None:
    """Whether the target groups allow ingress from the source groups (None: from the internet).

    False if a parameter sets the port on one side only: another value of the parameter is another port.

    None if it depends on resources outside the template.
    """
    if not (sources is None or all_known(stack, sources, GROUP)) or not all_known(stack, targets, GROUP):
        return None
    peers = groups(stack, sources) if sources is not None else []
    openings = [one for target in groups(stack, targets) for one in ingress(stack, target)]
    return _any_admits(stack, openings, None if sources is None else peers, port, protocol)


def may_leave(
    stack: Stack, sources: Node, targets: Node | None, port: Text | None, protocol: str = "tcp"
) -> bool | None:
    """Whether the source groups allow egress to the target groups (None: to the internet); None if not known."""
    if not all_known(stack, sources, GROUP) or not (targets is None or all_known(stack, targets, GROUP)):
        return None
    openings = [egress(stack, source) for source in groups(stack, sources)]
    if None in openings:
        return True
    known = [one for each in openings if each is not None for one in each]
    return _any_admits(stack, known, None if targets is None else groups(stack, targets), port, protocol)


def lets_out(stack: Stack, sources: Node, port: Text | None) -> bool | None:
    """Whether the source groups allow any egress; None if that is not known."""
    if not all_known(stack, sources, GROUP):
        return None
    openings = [egress(stack, source) for source in groups(stack, sources)]
    if None in openings:
        return True
    verdicts = [
        one.admits(port) for each in openings for one in each or () if one.cidr is None or one.cidr.literal != NOBODY
    ]
    return True if True in verdicts else None if None in verdicts else False


def _any_admits(
    stack: Stack, openings: list[Opening], peers: list[Resource] | None, port: Text | None, protocol: str
) -> bool | None:
    """Whether one of the openings is for one of the peers (None: the internet)."""
    verdicts: list[bool | None] = []
    for opening in openings:
        admitted = opening.admits(port, protocol)
        literal = opening.cidr.literal if opening.cidr is not None else None
        if admitted is False or literal == NOBODY or (peers is None and opening.is_private):
            continue
        if admitted and opening.first == opening.last and tied_by(stack, opening.first, port):
            continue
        if opening.group is None:
            # An address range may or may not contain the peer's address.
            verdicts.append(admitted if literal in ANYWHERE else None)
        elif any(opening.group is peer for peer in peers or ()):
            verdicts.append(admitted)
    return True if True in verdicts else None if None in verdicts else False


def subnets(stack: Stack, node: Node) -> list[Resource]:
    """The subnets of the template that a list names."""
    found = (stack.resource(item, "AWS::EC2::Subnet") for item in node.items)
    return [subnet for subnet in found if subnet is not None]


def default_routes(stack: Stack, subnet: Resource) -> list[Resource] | None:
    """The default routes of a subnet; None if its route table is not in the template."""
    return stack.once(f"default routes of {subnet.id}", lambda: _default_routes(stack, subnet))


def _default_routes(stack: Stack, subnet: Resource) -> list[Resource] | None:
    tables: list[Resource] = []
    for association in stack.of("AWS::EC2::SubnetRouteTableAssociation"):
        owner = stack.resource(association["SubnetId"], "AWS::EC2::Subnet")
        if owner is None:
            return None
        if owner is subnet:
            table = stack.resource(association["RouteTableId"], "AWS::EC2::RouteTable")
            if table is None:
                return None
            tables.append(table)
    if not tables and stack.resource(subnet["VpcId"], "AWS::EC2::VPC") is None:
        return None
    found: list[Resource] = []
    for route in stack.of("AWS::EC2::Route"):
        table = stack.resource(route["RouteTableId"], "AWS::EC2::RouteTable")
        if table is None:
            return None
        destination = route["DestinationCidrBlock"]
        if any(table is own for own in tables) and (destination.literal == ANYWHERE[0] or destination.unknown):
            found.append(route)
    return found


def tier(stack: Stack, subnet: Resource) -> str | None:
    """By its default route a subnet is "public", "private" or "isolated"; None if that is not known."""
    routes = default_routes(stack, subnet)
    if routes is None:
        return None
    for route in routes:
        if route["GatewayId"].given:
            gateway = stack.resource(route["GatewayId"])
            return "public" if gateway is not None and gateway.type == "AWS::EC2::InternetGateway" else None
    return "private" if routes else "isolated"


def placed(stack: Stack, nodes: Iterable[Node]) -> Iterator[tuple[Node, Resource, str]]:
    """Of the listed subnets, those whose tier is known: the node, the subnet, the tier."""
    for node in nodes:
        subnet = stack.resource(node, "AWS::EC2::Subnet")
        kind = tier(stack, subnet) if subnet is not None else None
        if subnet is not None and kind is not None:
            yield node, subnet, kind


def one_zone(found: list[Resource]) -> bool:
    """Whether all of these subnets are known to be in one Availability Zone."""
    zones = [subnet["AvailabilityZone"].text for subnet in found]
    return len(found) == 1 or (bool(found) and all(same(zones[0], zone) for zone in zones))


def default_port(stack: Stack, cluster: Resource) -> Text | None:
    """The port of a DocumentDB cluster."""
    return cluster["Port"].text if cluster["Port"].given else text(str(documentdb.DEFAULT_PORT))


def other_port(stack: Stack, left: Text | None, right: Text | None) -> bool:
    """Whether two ports are known to be different, or become so with another value of a parameter of one of them."""
    return different_numbers(left, right) or bool(tied_by(stack, left, right))


def different_numbers(left: Text | None, right: Text | None) -> bool:
    """Whether two ports are known to be different."""
    first, second = number(left), number(right)
    return first != second if first is not None and second is not None else differ(left, right)


def default_group_is_shut(stack: Stack, nodes: Iterable[Node]) -> bool:
    """Whether the default security group, which resources in these subnets without a group have, allows no other peers.

    The default security group of a VPC outside the template may have more rules, and the template may add some.
    """
    here = [stack.resource(node, "AWS::EC2::Subnet") for node in nodes]
    return bool(here) and all(each is not None and default_group_of_network_is_shut(stack, each) for each in here)


def _opens_default_group(stack: Stack) -> bool:
    opened = [one["GroupId"].text for one in stack.of("AWS::EC2::SecurityGroupIngress")]
    return any(value is None or stack.resource(value, GROUP) is None for value in opened)


def default_group_of_network_is_shut(stack: Stack, subnet: Resource) -> bool:
    """Whether the default security group of a subnet's VPC is known to allow no other peers."""
    return stack.resource(subnet["VpcId"], "AWS::EC2::VPC") is not None and not _opens_default_group(stack)
