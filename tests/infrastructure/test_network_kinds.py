"""The kinds of the network: two, one or no NAT gateways, or a network that exists."""

from __future__ import annotations

import re
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, picture, pipeline
from phoenix_cfn.errors import SettingsError
from tests.stack import Stack, get_att, ref, text

CHOICES: list[dict[str, Any]] = [
    {"network": {"nat_gateways": 1}},
    {"network": {"nat_gateways": 0}},
    {"network": {"nat_gateways": 0}, "database": {"kind": "none"}},
    {"network": {"kind": "existing"}},
    {"network": {"kind": "existing"}, "database": {"kind": "external"}},
]


def stack(chosen: dict[str, Any]) -> Stack:
    return Stack(infrastructure.template(Settings.of(chosen)))


def endpoints(found: Stack, kind: str) -> set[str]:
    """The services that endpoints of a kind lead to."""
    every = found.of_type("AWS::EC2::VPCEndpoint").values()
    names = [each["ServiceName"]["Fn::Sub"] for each in every if each["VpcEndpointType"] == kind]
    return {name.removeprefix("com.amazonaws.${AWS::Region}.") for name in names}


def test_one_nat_gateway_serves_both_zones() -> None:
    found = stack({"network": {"nat_gateways": 1}})
    assert list(found.of_type("AWS::EC2::NatGateway")) == ["NatGatewayA"]
    assert list(found.of_type("AWS::EC2::EIP")) == ["NatAddressA"]
    for zone in "AB":
        assert found.properties(f"PrivateDefaultRoute{zone}")["NatGatewayId"] == ref("NatGatewayA")


def test_without_nat_gateways_there_are_endpoints_for_what_a_task_needs_to_start() -> None:
    found = stack({"network": {"nat_gateways": 0}})
    assert not found.of_type("AWS::EC2::NatGateway")
    assert not found.of_type("AWS::EC2::EIP")
    assert list(found.of_type("AWS::EC2::Route")) == ["PublicDefaultRoute"]
    assert endpoints(found, "Interface") == {"ecr.api", "ecr.dkr", "logs", "secretsmanager"}
    assert endpoints(found, "Gateway") == {"s3"}


@pytest.mark.parametrize(
    ("chosen", "interfaces", "gateways"),
    [
        ({"database": {"kind": "none"}}, set(), set()),
        ({"database": {"kind": "none"}, "service": {"secrets": {"KEY": "key"}}}, {"secretsmanager"}, set()),
        (
            {
                "database": {"kind": "none"},
                "service": {
                    "allow": [
                        {
                            "actions": [
                                "sqs:SendMessage",
                                "dynamodb:GetItem",
                                "s3:GetObject",
                                "cloudwatch:PutMetricData",
                            ],
                            "resources": ["*"],
                            "reason": "a test",
                        }
                    ]
                },
            },
            {"sqs", "monitoring"},
            {"dynamodb"},
        ),
    ],
)
def test_there_is_an_endpoint_for_what_the_tasks_call_and_for_nothing_else(
    chosen: dict[str, Any], interfaces: set[str], gateways: set[str]
) -> None:
    found = stack({**chosen, "network": {"nat_gateways": 0}})
    assert endpoints(found, "Interface") == {"ecr.api", "ecr.dkr", "logs", *interfaces}
    assert endpoints(found, "Gateway") == {"s3", *gateways}


def test_the_endpoints_admit_the_tasks_alone_and_the_service_waits_for_them() -> None:
    found = stack({"network": {"nat_gateways": 0}})
    (rule,) = found.properties("EndpointSecurityGroup")["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert rule["SourceSecurityGroupId"] == get_att("TaskSecurityGroup", "GroupId")
    for name in ("EcrApiEndpoint", "EcrDkrEndpoint", "LogsEndpoint", "SecretsmanagerEndpoint"):
        endpoint = found.properties(name)
        assert endpoint["PrivateDnsEnabled"] is True
        assert endpoint["SubnetIds"] == [ref("PrivateSubnetA"), ref("PrivateSubnetB")]
        assert endpoint["SecurityGroupIds"] == [get_att("EndpointSecurityGroup", "GroupId")]
        assert name in found.resources["Service"]["DependsOn"]


def test_a_network_that_exists_gets_security_groups_and_nothing_else() -> None:
    found = stack({"network": {"kind": "existing"}})
    kinds = {each["Type"] for each in found.resources.values() if each["Type"].startswith("AWS::EC2::")}
    assert kinds == {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"}
    assert found.properties("TargetGroup")["VpcId"] == ref("VpcId")
    assert found.properties("LoadBalancer")["Subnets"] == [ref("PublicSubnetA"), ref("PublicSubnetB")]
    tasks = found.properties("Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert tasks["Subnets"] == [ref("PrivateSubnetA"), ref("PrivateSubnetB")]
    database = found.properties("DatabaseSubnetGroup")["SubnetIds"]
    assert database == [ref("DatabaseSubnetA"), ref("DatabaseSubnetB")]
    assert "AvailabilityZone" not in found.properties("DatabaseInstance1")


def test_the_deploy_role_makes_security_groups_in_that_network_only() -> None:
    release = Stack(pipeline.template(Settings.of({"network": {"kind": "existing"}})))
    documents = [release.properties("DeployRole")["Policies"][0]["PolicyDocument"]]
    documents += [each["PolicyDocument"] for each in release.of_type("AWS::IAM::ManagedPolicy").values()]
    statements = [each for document in documents for each in document["Statement"]]
    (creating,) = [each for each in statements if "ec2:CreateSecurityGroup" in text(each)]
    networks = [each["Fn::Sub"] for each in creating["Resource"] if ":vpc/" in each["Fn::Sub"]]
    assert networks == ["arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${VpcId}"]
    assert 'ec2:CreateVpc"' not in text(statements)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"network": {"kind": "existing", "nat_gateways": 0}}, r"'network\.nat_gateways': .*'existing'.*Remove it\."),
        ({"network": {"kind": "existing", "vpc_cidr": "10.1.0.0/16"}}, r"'network\.vpc_cidr': .*'existing'"),
        ({"network": {"kind": "existing", "availability_zones": [1, 3]}}, r"'network\.availability_zones': "),
        ({"network": {"nat_gateways": 0}, "database": {"kind": "external"}}, r"'network\.nat_gateways': found 0; "),
        (
            {
                "network": {"nat_gateways": 0},
                "service": {"allow": [{"actions": ["dax:GetItem"], "resources": ["arn:aws:dax:::cache/a"]}]},
            },
            r"'network\.nat_gateways': found 0; expected 1 or 2 with actions of dax in service\.allow",
        ),
    ],
    ids=str,
)
def test_what_contradicts_the_network_is_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.of(chosen)


@pytest.mark.parametrize("chosen", CHOICES, ids=str)
def test_the_picture_shows_what_there_is(chosen: dict[str, Any]) -> None:
    settings = Settings.of(chosen)
    drawing = picture.architecture(pipeline.template(settings).to_dict(), infrastructure.template(settings).to_dict())
    assert ("NAT gateway" in drawing) == bool(stack(chosen).of_type("AWS::EC2::NatGateway"))
    assert len(re.findall(r"^ *subgraph", drawing, re.MULTILINE)) == len(re.findall(r"^ *end$", drawing, re.MULTILINE))
