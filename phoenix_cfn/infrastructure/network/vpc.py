"""A VPC in two Availability Zones, each with a public, a private and an isolated subnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from troposphere import AWSObject, GetAtt, Ref, Sub, Tags
from troposphere.ec2 import (
    EIP,
    VPC,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    SubnetRouteTableAssociation,
    VPCGatewayAttachment,
)

from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.endpoints import endpoints, gateway_endpoint
from phoenix_cfn.infrastructure.network.security_groups import security_groups
from phoenix_cfn.infrastructure.network.zones import availability_zone
from phoenix_cfn.scope import Scope, part

_ZONES = ("A", "B")


@part
def vpc_network(scope: Scope) -> Network:
    """A VPC whose tiers are in two zones. The settings choose the number of NAT gateways."""
    blocks = _blocks(scope.settings.network.vpc_cidr)
    vpc = scope.add(
        VPC(
            "Vpc",
            CidrBlock=scope.settings.network.vpc_cidr,
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=_named(scope),
        )
    )
    gateway = scope.add(InternetGateway("InternetGateway", Tags=_named(scope)))
    attachment = scope.add(
        VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )

    public_routes = _route_table(scope, vpc, "Public")
    internet_route = scope.add(
        Route(
            "PublicDefaultRoute",
            DependsOn=attachment,
            RouteTableId=Ref(public_routes),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
        )
    )
    public = [_subnet(scope, "Public", zone, next(blocks), public_routes) for zone in _ZONES]

    private, private_tables = [], []
    nat_gateways: list[NatGateway] = []
    egress: list[AWSObject] = []
    for zone, nearby in zip(_ZONES, public, strict=True):
        if len(nat_gateways) < scope.settings.network.nat_gateways:
            nat_gateways.append(_nat_gateway(scope, zone, nearby, attachment, internet_route))
        table = _route_table(scope, vpc, "Private", zone)
        private_tables.append(table)
        if nat_gateways:
            egress.append(_default_route(scope, zone, table, nat_gateways[-1]))
        private.append(_subnet(scope, "Private", zone, next(blocks), table))

    isolated = []
    if scope.settings.database.has_cluster:
        isolated_routes = _route_table(scope, vpc, "Isolated")
        isolated = [_subnet(scope, "Isolated", zone, next(blocks), isolated_routes) for zone in _ZONES]

    # Image layers are in S3: with this endpoint they bypass the NAT gateways and their costs per gigabyte.
    gateway_endpoint(scope, vpc, private_tables, "s3")
    groups = security_groups(scope, vpc)
    if not nat_gateways:
        egress += endpoints(scope, vpc, private, private_tables, groups.tasks)
    return Network(vpc, [*public], [*private], [*isolated], internet_route, egress, groups)


def _nat_gateway(
    scope: Scope, zone: str, subnet: Subnet, attachment: VPCGatewayAttachment, internet_route: Route
) -> NatGateway:
    """The NAT gateway of a zone's private subnet, with an Elastic IP address."""
    address = scope.add(
        EIP(f"NatAddress{zone}", DependsOn=attachment, Domain="vpc", Tags=_named(scope, "nat", zone.lower()))
    )
    return scope.add(
        NatGateway(
            f"NatGateway{zone}",
            # A NAT gateway needs the route to the internet gateway.
            DependsOn=internet_route,
            AllocationId=GetAtt(address, "AllocationId"),
            SubnetId=Ref(subnet),
            Tags=_named(scope, zone.lower()),
        )
    )


def _default_route(scope: Scope, zone: str, table: RouteTable, nat: NatGateway) -> Route:
    return scope.add(
        Route(
            f"PrivateDefaultRoute{zone}",
            RouteTableId=Ref(table),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=Ref(nat),
        )
    )


def _route_table(scope: Scope, vpc: VPC, tier: str, zone: str = "") -> RouteTable:
    name = filter(None, (tier.lower(), zone.lower()))
    return scope.add(RouteTable(f"{tier}RouteTable{zone}", VpcId=Ref(vpc), Tags=_named(scope, *name)))


def _subnet(scope: Scope, tier: str, zone: str, block: str, table: RouteTable) -> Subnet:
    """A subnet in the VPC of its route table."""
    subnet = scope.add(
        Subnet(
            f"{tier}Subnet{zone}",
            VpcId=table.VpcId,
            AvailabilityZone=availability_zone(scope, _ZONES.index(zone)),
            CidrBlock=block,
            # Load balancer and NAT gateways have their own public addresses; no other resource gets one.
            MapPublicIpOnLaunch=False,
            Tags=_named(scope, tier.lower(), zone.lower()),
        )
    )
    scope.add(
        SubnetRouteTableAssociation(
            f"{tier}Subnet{zone}RouteTableAssociation", SubnetId=Ref(subnet), RouteTableId=Ref(table)
        )
    )
    return subnet


def _blocks(cidr: str) -> Iterator[str]:
    """The CIDR blocks of the subnets: sixteenths of the VPC's range. Six are used, ten are free."""
    return map(str, ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=4))


def _named(scope: Scope, *suffix: str) -> Tags:
    """The Name tag, which the VPC console shows."""
    return Tags(Name=Sub("-".join(("${StagePrefix}", scope.settings.name, *suffix))))
