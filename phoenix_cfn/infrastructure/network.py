"""The network: two availability zones, each with a public, a private and an isolated subnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import GetAtt, GetAZs, Ref, Select, Sub, Tags
from troposphere.ec2 import (
    EIP,
    VPC,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

_ZONES = ("A", "B")


@dataclass(frozen=True)
class Network:
    """`public`: reached from the internet; `private`: reaches it through a NAT gateway; `isolated`: no way in or out.

    What needs the internet on its first breath DependsOn `internet_route` (public) or `egress_routes` (private).
    """

    vpc: VPC
    public: list[Subnet]
    private: list[Subnet]
    isolated: list[Subnet]
    internet_route: Route
    egress_routes: list[Route]


def availability_zone(settings: Settings, number: int) -> Select:
    """The stage's first or second zone (0 or 1), by its position in the account's list for the region."""
    return Select(settings.availability_zones[number] - 1, GetAZs(""))


def network(template: StageTemplate, settings: Settings) -> Network:
    """A VPC whose every tier stands in two zones; each zone leaves through a NAT gateway of its own."""
    blocks = _blocks(settings.vpc_cidr)
    vpc = template.add_resource(
        VPC("Vpc", CidrBlock=settings.vpc_cidr, EnableDnsSupport=True, EnableDnsHostnames=True, Tags=_named(template))
    )
    gateway = template.add_resource(InternetGateway("InternetGateway", Tags=_named(template)))
    attachment = template.add_resource(
        VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )

    public_routes = _route_table(template, vpc, "Public")
    internet_route = template.add_resource(
        Route(
            "PublicDefaultRoute",
            DependsOn=attachment,
            RouteTableId=Ref(public_routes),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
        )
    )
    public = [_subnet(template, settings, vpc, "Public", zone, next(blocks), public_routes) for zone in _ZONES]

    private, private_tables, egress_routes = [], [], []
    for zone, nearby in zip(_ZONES, public, strict=True):
        address = template.add_resource(
            EIP(f"NatAddress{zone}", DependsOn=attachment, Domain="vpc", Tags=_named(template, "nat", zone.lower()))
        )
        nat = template.add_resource(
            NatGateway(
                f"NatGateway{zone}",
                # Without its way out a NAT gateway forwards nothing.
                DependsOn=internet_route,
                AllocationId=GetAtt(address, "AllocationId"),
                SubnetId=Ref(nearby),
                Tags=_named(template, zone.lower()),
            )
        )
        table = _route_table(template, vpc, "Private", zone)
        private_tables.append(table)
        egress_routes.append(
            template.add_resource(
                Route(
                    f"PrivateDefaultRoute{zone}",
                    RouteTableId=Ref(table),
                    DestinationCidrBlock="0.0.0.0/0",
                    NatGatewayId=Ref(nat),
                )
            )
        )
        private.append(_subnet(template, settings, vpc, "Private", zone, next(blocks), table))

    isolated_routes = _route_table(template, vpc, "Isolated")
    isolated = [_subnet(template, settings, vpc, "Isolated", zone, next(blocks), isolated_routes) for zone in _ZONES]

    # Image layers come from S3: this way they neither cross the NAT gateways nor cost by the gigabyte.
    template.add_resource(
        VPCEndpoint(
            "S3Endpoint",
            VpcId=Ref(vpc),
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=[Ref(table) for table in private_tables],
        )
    )
    return Network(vpc, public, private, isolated, internet_route, egress_routes)


def _route_table(template: StageTemplate, vpc: VPC, tier: str, zone: str = "") -> RouteTable:
    name = filter(None, (tier.lower(), zone.lower()))
    return template.add_resource(RouteTable(f"{tier}RouteTable{zone}", VpcId=Ref(vpc), Tags=_named(template, *name)))


def _subnet(
    template: StageTemplate, settings: Settings, vpc: VPC, tier: str, zone: str, block: str, table: RouteTable
) -> Subnet:
    subnet = template.add_resource(
        Subnet(
            f"{tier}Subnet{zone}",
            VpcId=Ref(vpc),
            AvailabilityZone=availability_zone(settings, _ZONES.index(zone)),
            CidrBlock=block,
            # Load balancer and NAT gateways bring addresses of their own; nothing else gets one by accident.
            MapPublicIpOnLaunch=False,
            Tags=_named(template, tier.lower(), zone.lower()),
        )
    )
    template.add_resource(
        SubnetRouteTableAssociation(
            f"{tier}Subnet{zone}RouteTableAssociation", SubnetId=Ref(subnet), RouteTableId=Ref(table)
        )
    )
    return subnet


def _blocks(cidr: str) -> Iterator[str]:
    """Sixteenths of the VPC's addresses: six are used, ten are left for what comes later."""
    return map(str, ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=4))


def _named(template: StageTemplate, *suffix: str) -> Tags:
    """The Name tag, by which the VPC console lists everything."""
    return Tags(Name=Sub("-".join(("${StagePrefix}", template.project, *suffix))))
