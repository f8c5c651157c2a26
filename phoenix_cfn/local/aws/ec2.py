"""EC2: the network's resource types that MiniStack lacks, and whether its rules and routes let a connection through.

Containers here share one bridge, so nothing would stop a connection that AWS stops. Whoever opens one on AWS's behalf
(the load balancer to a task, a task to the database or a registry) therefore asks `connects` or `reaches_internet`.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable
from typing import Any

from phoenix_cfn.cloudformation.facts import vpc
from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction

_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide"


@correction("An Elastic IP address is allocated and released", f"{_CFN}/aws-resource-ec2-eip.html")
def elastic_ip() -> None:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        before = set(ministack.ec2._addresses)
        ministack.ec2._allocate_address({"Domain": ["vpc"]})
        allocation = (set(ministack.ec2._addresses) - before).pop()
        ministack.provisioners._ec2_apply_tags(allocation, properties)
        address = ministack.ec2._addresses[allocation]["PublicIp"]
        return address, {"AllocationId": allocation, "PublicIp": address}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        for allocation, address in list(ministack.ec2._addresses.items()):
            if address["PublicIp"] == physical_id:
                if any(nat["AllocationId"] == allocation for nat in ministack.ec2._nat_gateways.values()):
                    raise ValueError(f"The address with allocation id [{allocation}] is still in use")
                ministack.ec2._release_address({"AllocationId": [allocation]})

    ministack.handlers["AWS::EC2::EIP"] = {"create": create, "delete": delete}


@correction(
    "A public NAT gateway needs an existing address, and a VPC with an internet gateway",
    f"{_VPC}/nat-gateway-basics.html",
)
def nat_gateway() -> None:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        if properties.get("AllocationId") not in ministack.ec2._addresses:
            raise ValueError(f"The allocation ID '{properties.get('AllocationId')}' does not exist")
        vpc = (ministack.ec2._subnets.get(properties.get("SubnetId")) or {}).get("VpcId")
        attached = [each for gateway in ministack.ec2._internet_gateways.values() for each in gateway["Attachments"]]
        if not any(each.get("VpcId") == vpc for each in attached):
            raise ValueError(f"Network {vpc} has no Internet gateway attached")
        before = set(ministack.ec2._nat_gateways)
        ministack.ec2._create_nat_gateway({key: [value] for key, value in properties.items() if isinstance(value, str)})
        gateway = (set(ministack.ec2._nat_gateways) - before).pop()
        ministack.provisioners._ec2_apply_tags(gateway, properties)
        return gateway, {"NatGatewayId": gateway}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        ministack.ec2._nat_gateways.pop(physical_id, None)
        ministack.ec2._tags.pop(physical_id, None)

    ministack.handlers["AWS::EC2::NatGateway"] = {"create": create, "delete": delete}


@correction(
    "A rule of its own joins a security group's rules, and leaves them",
    f"{_CFN}/aws-resource-ec2-securitygroupegress.html",
)
def security_group_rules() -> None:
    for kind, field, other in (
        ("Ingress", "IpPermissions", "SourceSecurityGroupId"),
        ("Egress", "IpPermissionsEgress", "DestinationSecurityGroupId"),
    ):
        ministack.handlers[f"AWS::EC2::SecurityGroup{kind}"] = _rule_handler(field, other)


def _rule_handler(field: str, other: str) -> dict[str, Any]:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        group = ministack.ec2._security_groups.get(properties.get("GroupId"))
        if group is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        if other in properties and properties[other] not in ministack.ec2._security_groups:
            raise ValueError(f"The security group '{properties[other]}' does not exist")
        if field == "IpPermissionsEgress":
            # CloudFormation takes the rule that allows everything away once a group has a rule of its own.
            group[field] = [each for each in group[field] if each.get("IpProtocol") != "-1"]
        group[field].extend(permissions(properties))
        rule = f"sgr-{uuid.uuid4().hex[:17]}"
        return rule, {"Id": rule}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        group = ministack.ec2._security_groups.get(properties.get("GroupId"))
        if group:
            ministack.provisioners._ec2_sg_reconcile(group[field], permissions(properties), [])

    def permissions(properties: dict[str, Any]) -> list[Any]:
        # MiniStack reads the group at the other end under the name that it has in an ingress rule.
        rule = {**properties, "SourceSecurityGroupId": properties.get(other)}
        return list(ministack.provisioners._ec2_sg_permissions([rule if properties.get(other) else properties]))

    return {"create": create, "delete": delete}


@correction(
    "A security group's name, which CloudFormation makes from the stack's name, does not begin with sg-",
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
)
def security_group_names_are_checked() -> None:
    handler = ministack.handlers["AWS::EC2::SecurityGroup"]
    create = handler["create"]

    def strict(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        name = properties.get("GroupName") or f"{stack}-{logical_id}"
        if name.lower().startswith("sg-"):
            raise ValueError(
                f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*"
            )
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::EC2::SecurityGroup"] = {**handler, "create": strict}


@correction(
    "A VPC has 16 to 65,536 addresses, none of them reserved",
    f"{_VPC}/vpc-cidr-blocks.html",
)
def address_ranges_are_checked() -> None:
    handler = ministack.handlers["AWS::EC2::VPC"]
    create = handler["create"]

    def strict(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        network = ipaddress.IPv4Network(properties["CidrBlock"], strict=False)
        if not 16 <= network.prefixlen <= 28 or not vpc.is_assigned(network):
            raise ValueError(f"The CIDR '{network}' is invalid.")
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::EC2::VPC"] = {**handler, "create": strict}


@correction("A security group that something still uses cannot be deleted", f"{_VPC}/deleting-security-groups.html")
def security_groups_in_use_stay() -> None:
    delete = ministack.handlers["AWS::EC2::SecurityGroup"]["delete"]

    def strict(physical_id: str, properties: dict[str, Any]) -> None:
        for group in ministack.ec2._security_groups.values():
            if group["GroupId"] != physical_id and physical_id in _groups_named(group):
                raise ValueError(f"resource {physical_id} has a dependent object")
        delete(physical_id, properties)

    ministack.handlers["AWS::EC2::SecurityGroup"]["delete"] = strict


def _groups_named(group: dict[str, Any]) -> set[str]:
    rules = [*group.get("IpPermissions", []), *group.get("IpPermissionsEgress", [])]
    return {pair["GroupId"] for rule in rules for pair in rule.get("UserIdGroupPairs", [])}


def connects(sources: Iterable[str], targets: Iterable[str], port: int) -> bool:
    """Whether members of the security groups `sources` may open a TCP connection to `port` of members of `targets`.

    https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    sources, targets = list(sources), list(targets)
    out = any(_permits(each, "IpPermissionsEgress", targets, port) for each in sources)
    return out and any(_permits(each, "IpPermissions", sources, port) for each in targets)


def accepts_from_internet(targets: Iterable[str], port: int) -> bool:
    """Whether one of the security groups lets everybody connect to the port."""
    return any(_permits(each, "IpPermissions", [], port, "0.0.0.0/0") for each in targets)


def reaches_internet(subnets: Iterable[str], groups: Iterable[str], public_address: bool, port: int = 443) -> bool:
    """Whether something in each of the subnets can open a connection to the internet: by its routes and its groups.

    https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    """
    for subnet in subnets:
        target = _default_target(subnet)
        nat = ministack.ec2._nat_gateways.get(target)
        through_nat = nat is not None and _default_target(nat["SubnetId"]).startswith("igw-")
        if not through_nat and not (target.startswith("igw-") and public_address):
            return False
    return reaches_addresses(groups, port)


def reaches_addresses(groups: Iterable[str], port: int = 443) -> bool:
    """Whether one of the security groups lets its members connect to the port of every address."""
    return any(_permits(each, "IpPermissionsEgress", [], port, "0.0.0.0/0") for each in groups)


def route_table(subnet: str) -> str:
    """The route table of a subnet; empty where it is the VPC's main one."""
    for identifier, table in ministack.ec2._route_tables.items():
        if any(each.get("SubnetId") == subnet for each in table.get("Associations", [])):
            return str(identifier)
    return ""


def _permits(group_id: str, field: str, groups: list[str], port: int, cidr: str = "") -> bool:
    """Whether a rule of the security group admits TCP on the port, from or to the groups or the addresses."""
    for rule in ministack.ec2._security_groups.get(group_id, {}).get(field, []):
        protocol = str(rule.get("IpProtocol"))
        tcp = protocol in ("tcp", "6") and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)
        if protocol != "-1" and not tcp:
            continue
        ranges = [each["CidrIp"] for each in rule.get("IpRanges", [])]
        if "0.0.0.0/0" in ranges:
            return True
        if cidr and any(_contains(each, cidr) for each in ranges):
            return True
        if any(pair["GroupId"] in groups for pair in rule.get("UserIdGroupPairs", [])):
            return True
    return False


def _contains(outer: str, inner: str) -> bool:
    return ipaddress.ip_network(inner).subnet_of(ipaddress.ip_network(outer))  # type: ignore[arg-type]


def _default_target(subnet_id: str) -> str:
    """Where the subnet's default route leads: an id such as nat-…, or nothing."""
    table = ministack.ec2._route_tables.get(route_table(subnet_id)) or {}
    for route in table.get("Routes", []):
        if route.get("DestinationCidrBlock") == "0.0.0.0/0":
            return str(route.get("NatGatewayId") or route.get("GatewayId") or "")
    return ""
