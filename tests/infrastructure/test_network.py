"""The network: three tiers in two zones (improvements 1 and 2 of the kata)."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure
from tests.stack import Stack, get_att, ref, text

TIERS = ["Public", "Private", "Isolated"]


def default_route(stack: Stack, subnet: str) -> dict[str, Any] | None:
    """Where a subnet's traffic to the internet goes."""
    (table,) = (
        each["RouteTableId"]
        for each in stack.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        if each["SubnetId"] == ref(subnet)
    )
    routes = [
        each
        for each in stack.of_type("AWS::EC2::Route").values()
        if each["RouteTableId"] == table and each["DestinationCidrBlock"] == "0.0.0.0/0"
    ]
    return routes[0] if routes else None


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_stands_in_two_zones(infrastructure_stack: Stack, tier: str) -> None:
    zones = [infrastructure_stack.properties(f"{tier}Subnet{zone}")["AvailabilityZone"] for zone in "AB"]
    assert zones == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]


@pytest.mark.parametrize(("zones", "positions"), [((1, 3), [0, 2]), ((3, 2), [2, 1])])
def test_the_zones_can_be_chosen_by_their_position(zones: tuple[int, int], positions: list[int]) -> None:
    """Everything that names a zone: subnets of all tiers, and the database's instances, in turns."""
    stack = Stack(
        infrastructure.template(
            Settings.of({"network": {"availability_zones": list(zones)}, "database": {"instances": 3}})
        )
    )
    chosen = {
        title: resource["Properties"]["AvailabilityZone"]
        for title, resource in stack.resources.items()
        if "AvailabilityZone" in resource.get("Properties", {})
    }
    numbers = {"A": 0, "B": 1, "1": 0, "2": 1, "3": 0}
    assert chosen == {title: {"Fn::Select": [positions[numbers[title[-1]]], {"Fn::GetAZs": ""}]} for title in chosen}
    assert len(chosen) == 9
    assert text(stack.data).count("Fn::GetAZs") == 9


def test_public_subnets_reach_the_internet_gateway(infrastructure_stack: Stack) -> None:
    for zone in "AB":
        route = default_route(infrastructure_stack, f"PublicSubnet{zone}")
        assert route
        assert route["GatewayId"] == ref("InternetGateway")


def test_private_subnets_leave_through_the_nat_gateway_of_their_zone(infrastructure_stack: Stack) -> None:
    for zone in "AB":
        route = default_route(infrastructure_stack, f"PrivateSubnet{zone}")
        assert route
        assert route["NatGatewayId"] == ref(f"NatGateway{zone}")
        nat = infrastructure_stack.properties(f"NatGateway{zone}")
        assert nat["SubnetId"] == ref(f"PublicSubnet{zone}")
        assert nat["AllocationId"] == get_att(f"NatAddress{zone}", "AllocationId")


def test_isolated_subnets_have_no_way_out(infrastructure_stack: Stack) -> None:
    for zone in "AB":
        assert default_route(infrastructure_stack, f"IsolatedSubnet{zone}") is None


def test_no_subnet_gives_public_addresses_by_itself(infrastructure_stack: Stack) -> None:
    assert {each["MapPublicIpOnLaunch"] for each in infrastructure_stack.of_type("AWS::EC2::Subnet").values()} == {
        False
    }


def test_images_come_through_the_s3_endpoint_in_both_private_zones(infrastructure_stack: Stack) -> None:
    endpoint = infrastructure_stack.properties("S3Endpoint")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["RouteTableIds"] == [ref("PrivateRouteTableA"), ref("PrivateRouteTableB")]


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.20.128.0/20", "192.168.4.0/22"])
def test_subnets_lie_in_the_vpc_and_do_not_overlap(cidr: str) -> None:
    stack = Stack(infrastructure.template(Settings.of({"network": {"vpc_cidr": cidr}})))
    blocks = [ipaddress.ip_network(each["CidrBlock"]) for each in stack.of_type("AWS::EC2::Subnet").values()]
    assert len(blocks) == 6
    assert all(block.subnet_of(ipaddress.ip_network(cidr)) for block in blocks)  # type: ignore[arg-type]
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)
