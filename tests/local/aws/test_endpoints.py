"""The corrections of VPC endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import request
from tests.local.aws.lab import Lab, Resources, everybody, security_group
from tests.local.aws.service import OUTPUTS, container, service


def endpoint(name: str, **more: Any) -> dict[str, Any]:
    """An interface of a service in the private subnet."""
    return {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": {"Ref": "Vpc"},
            "ServiceName": f"com.amazonaws.eu-central-1.{name}",
            "VpcEndpointType": "Interface",
            "PrivateDnsEnabled": True,
            "SubnetIds": [{"Ref": "PrivateSubnet"}],
            "SecurityGroupIds": [{"Ref": "EndpointGroup"}],
            **more,
        },
    }


def without_nat(image: str, **changed: dict[str, Any] | None) -> Resources:
    """A service whose tasks reach ECR by endpoints; None leaves one out."""
    parts = service(container(image))
    for name in ("Nat", "Address", "PrivateRoute"):
        del parts[name]
    parts["Service"]["DependsOn"] = ["Listener", "PrivateAssociation", "PublicRoute", "PublicAssociation"]
    gateway = {
        "VpcEndpointType": "Gateway",
        "VpcId": {"Ref": "Vpc"},
        "ServiceName": "com.amazonaws.eu-central-1.s3",
        "RouteTableIds": [{"Ref": "PrivateTable"}],
    }
    endpoints: dict[str, dict[str, Any] | None] = {
        "EndpointGroup": security_group(everybody(443)),
        "EcrApi": endpoint("ecr.api"),
        "EcrDkr": endpoint("ecr.dkr"),
        "S3": {"Type": "AWS::EC2::VPCEndpoint", "Properties": gateway},
        **changed,
    }
    found = {name: each for name, each in endpoints.items() if each is not None}
    parts["Service"]["DependsOn"] += [name for name in found if name != "EndpointGroup"]
    return {**parts, **found}


def test_tasks_start_by_endpoints(lab: Lab, aws: LocalAws, image: str) -> None:
    outputs = lab.deploy(without_nat(image), OUTPUTS)
    assert request(aws, outputs["Url"]).status == 200


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"EcrApi": None}, "ecr.api"),
        ({"S3": None}, "s3"),
        ({"EcrDkr": endpoint("ecr.dkr", PrivateDnsEnabled=False)}, "ecr.dkr"),
        ({"EndpointGroup": security_group(everybody(80))}, "ecr.api, ecr.dkr"),
    ],
    ids=["no interface", "no gateway", "no private name", "no rule"],
)
def test_without_one_tasks_do_not_start(
    lab: Lab, image: str, changed: dict[str, dict[str, Any] | None], missing: str
) -> None:
    reasons = lab.failure(without_nat(image, **changed))
    assert f"connection issue between the task and {missing}: no route, no endpoint" in reasons


def test_private_names_are_unique(lab: Lab) -> None:
    parts = {name: each for name, each in without_nat("none").items() if name in ("Vpc", "EndpointGroup", "EcrApi")}
    parts |= {name: each for name, each in service(container("none")).items() if name == "PrivateSubnet"}
    assert "conflicting DNS domain" in lab.failure({**parts, "Twin": {**parts["EcrApi"], "DependsOn": "EcrApi"}})
