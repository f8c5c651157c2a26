"""EC2's corrections."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab, everybody, network, security_group


def test_elastic_ip(lab: Lab, aws: LocalAws) -> None:
    outputs = lab.deploy(
        {"Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}}},
        {"Id": {"Fn::GetAtt": ["Address", "AllocationId"]}, "Ip": {"Ref": "Address"}},
    )
    found = aws.client("ec2").describe_addresses(AllocationIds=[outputs["Id"]])["Addresses"]
    assert found[0]["PublicIp"] == outputs["Ip"]
    lab.clean()
    assert outputs["Ip"] not in str(aws.client("ec2").describe_addresses()["Addresses"])


def test_nat_gateway(lab: Lab) -> None:
    lab.deploy(network(), {"Nat": {"Ref": "Nat"}})
    unattached: dict[str, Any] = {
        key: value for key, value in network().items() if key in ("Vpc", "PublicSubnet", "Address", "Nat")
    }
    unattached["Nat"] = {key: value for key, value in unattached["Nat"].items() if key != "DependsOn"}
    assert "no Internet gateway attached" in lab.failure(unattached)
    unattached["Nat"]["Properties"]["AllocationId"] = "eipalloc-0123456789abcdef0"
    assert "does not exist" in lab.failure(unattached)


def test_security_group_names_are_checked(lab: Lab) -> None:
    group = security_group()
    group["Properties"]["GroupName"] = "sg-phoenix"
    assert "Group names may not be in the format sg-*" in lab.failure({"Vpc": network()["Vpc"], "Group": group})


def test_address_ranges_are_checked(lab: Lab) -> None:
    for block in ("127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "0.0.0.0/16", "10.0.0.0/8", "10.0.0.0/29"):
        vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": block}}
        assert f"The CIDR '{block}' is invalid." in lab.failure({"Vpc": vpc})


def test_security_group_rules(lab: Lab, aws: LocalAws) -> None:
    rule = {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Ref": "One"},
            "DestinationSecurityGroupId": {"Ref": "Other"},
            "IpProtocol": "tcp",
            "FromPort": 8080,
            "ToPort": 8080,
        },
    }
    groups = {"Vpc": network()["Vpc"], "One": security_group(), "Other": security_group(everybody(80))}
    outputs = lab.deploy({**groups, "Rule": rule}, {"One": {"Ref": "One"}, "Other": {"Ref": "Other"}})
    found = aws.client("ec2").describe_security_groups(GroupIds=[outputs["One"]])["SecurityGroups"][0]
    [egress] = found["IpPermissionsEgress"]
    assert egress["UserIdGroupPairs"][0]["GroupId"] == outputs["Other"]
    assert (egress["FromPort"], egress["ToPort"]) == (8080, 8080)
    assert lab.update(lab.stacks[-1], groups) == "UPDATE_COMPLETE"
    found = aws.client("ec2").describe_security_groups(GroupIds=[outputs["One"]])["SecurityGroups"][0]
    assert "UserIdGroupPairs" not in str(found["IpPermissionsEgress"]) or not any(
        each["UserIdGroupPairs"] for each in found["IpPermissionsEgress"]
    )


def test_security_groups_in_use_stay(lab: Lab) -> None:
    outputs = lab.deploy(
        {"Vpc": network()["Vpc"], "Used": security_group()}, {"Vpc": {"Ref": "Vpc"}, "Used": {"Ref": "Used"}}
    )
    using = security_group({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "SourceSecurityGroupId": outputs["Used"]})
    using["Properties"]["VpcId"] = outputs["Vpc"]
    lab.deploy({"Using": using})
    assert lab.delete(lab.stacks[0]) == "DELETE_FAILED"
    assert "has a dependent object" in lab.reasons(lab.stacks[0])
