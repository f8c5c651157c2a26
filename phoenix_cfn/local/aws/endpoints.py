"""VPC endpoints: the way to a service of AWS for tasks that have no way to the internet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phoenix_cfn.local.aws import ec2, ministack
from phoenix_cfn.local.aws.corrections import correction

_LINK = "https://docs.aws.amazon.com/vpc/latest/privatelink"


def unreachable(services: Iterable[str], network: dict[str, Any]) -> list[str]:
    """The services, such as `ecr.api`, that tasks with this network configuration have no way to."""
    subnets, groups = network["subnets"], network["securityGroups"]
    if ec2.reaches_internet(subnets, groups, network.get("assignPublicIp") == "ENABLED"):
        return []
    return [each for each in services if not _has_endpoint(each, subnets, groups)]


def _has_endpoint(service: str, subnets: list[str], groups: list[str]) -> bool:
    """Whether each of the subnets has an endpoint for the service, by an interface or by its route table."""
    name = f"com.amazonaws.{ministack.region()}.{service}"
    found = [each for each in ministack.ec2._vpc_endpoints.values() if each["ServiceName"] == name]
    return all(any(_serves(each, subnet, groups) for each in found) for subnet in subnets)


def _serves(endpoint: dict[str, Any], subnet: str, groups: list[str]) -> bool:
    vpc = ministack.ec2._subnets[subnet]["VpcId"]
    if endpoint["VpcId"] != vpc:
        return False
    if endpoint["VpcEndpointType"] == "Gateway":
        return ec2.route_table(subnet) in endpoint["RouteTableIds"] and ec2.reaches_addresses(groups)
    # By its private name, an interface in any zone of the VPC is reached.
    return bool(endpoint["PrivateDnsEnabled"]) and ec2.connects(groups, endpoint["SecurityGroupIds"], 443)


@correction(
    "An interface endpoint with private DNS needs a VPC with DNS names, and has no twin in it",
    f"{_LINK}/create-interface-endpoint.html",
)
def private_names_are_unique() -> None:
    def check(properties: dict[str, Any]) -> None:
        if str(properties.get("PrivateDnsEnabled", False)).lower() != "true":
            return
        for each in ministack.ec2._vpc_endpoints.values():
            same = each["VpcId"] == properties["VpcId"] and each["ServiceName"] == properties["ServiceName"]
            if same and each["PrivateDnsEnabled"] and each["VpcEndpointType"] == "Interface":
                raise ValueError(
                    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{properties['ServiceName']} in the VPC {properties['VpcId']}"
                )

    handler = ministack.handlers["AWS::EC2::VPCEndpoint"]
    create = handler["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        check(properties)
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::EC2::VPCEndpoint"] = {**handler, "create": created}
