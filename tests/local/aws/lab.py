"""A bench for corrections: small stacks, each deployed for one test and gone after it."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

from botocore.exceptions import ClientError

from phoenix_cfn.local.docker_engine import did_not_answer
from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import PATIENCE

Resources = dict[str, Any]
_numbers = itertools.count(1)


class Lab:
    """Deploys resources as stacks of their own; `clean` deletes those that are left."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.cloudformation = aws.client("cloudformation")
        self.stacks: list[str] = []

    def deploy(self, resources: Resources, outputs: dict[str, Any] | None = None, **request: Any) -> dict[str, str]:
        """A new stack; its outputs. AssertionError with the reasons where it fails."""
        name = self.begin(resources, outputs, **request)
        status = self.settled(name)
        assert status == "CREATE_COMPLETE", f"{status}: {self.reasons(name)}"
        return self.outputs(name)

    def begin(self, resources: Resources, outputs: dict[str, Any] | None = None, **request: Any) -> str:
        """Creates a stack and returns its name at once."""
        name = request.pop("StackName", f"lab-{next(_numbers)}")
        self.stacks.append(name)
        extra = request.pop("Extra", {})
        template = {
            "Resources": resources,
            "Outputs": {key: {"Value": value} for key, value in (outputs or {}).items()},
            **extra,
        }
        self.cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"], **request
        )
        return str(name)

    def update(self, name: str, resources: Resources, **request: Any) -> str:
        """Updates a stack; its status afterwards."""
        self.cloudformation.update_stack(
            StackName=name,
            TemplateBody=json.dumps({"Resources": resources}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **request,
        )
        return self.settled(name)

    def failure(self, resources: Resources, **request: Any) -> str:
        """The reasons why a stack of these resources rolls back; AssertionError where it does not."""
        name = self.begin(resources, **request)
        status = self.settled(name)
        assert status == "ROLLBACK_COMPLETE", f"{status}: {self.reasons(name)}"
        return self.reasons(name)

    def status(self, name: str) -> str:
        """Of a stack; empty where there is none."""
        try:
            return str(self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except ClientError:
            return ""

    def settled(self, name: str) -> str:
        """The status when nothing goes on any more."""
        end = time.time() + PATIENCE * 120
        while (status := self.status(name)).endswith("IN_PROGRESS") and time.time() < end:
            time.sleep(0.1)
        return status

    def reasons(self, name: str) -> str:
        """The failures in the events, oldest first."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        failed = [each for each in events if each["ResourceStatus"].endswith("FAILED")]
        return "; ".join(each.get("ResourceStatusReason", "") for each in reversed(failed))

    def outputs(self, name: str) -> dict[str, str]:
        """Of a stack."""
        found = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in found}

    def resources(self, name: str) -> dict[str, str]:
        """Logical id -> physical id, of those that a stack has made so far."""
        found = self.cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def delete(self, name: str) -> str:
        """Deletes a stack, again where the engine did not answer; its status afterwards, empty where it is gone."""
        for _ in range(3):
            self.cloudformation.delete_stack(StackName=name)
            time.sleep(0.05)
            status = self.settled(name)
            if status != "DELETE_FAILED" or not did_not_answer(self.reasons(name)):
                break
        return status

    def clean(self) -> None:
        """Deletes every stack that is left."""
        for name in reversed(self.stacks):
            if self.status(name) not in ("", "DELETE_COMPLETE"):
                self.delete(name)


def role(service: str, *statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A role that the service may assume, with one inline policy."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole"]}
    policies = [{"PolicyName": "lab", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            **({"Policies": policies} if statements else {}),
            **properties,
        },
    }


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows the actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": [resource], **more}


def network() -> Resources:
    """A VPC with a public and a private subnet, an internet gateway and a NAT gateway: what tasks need."""
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}},
        },
        **_subnet("Public", "10.9.0.0/24", {"GatewayId": {"Ref": "Gateway"}}),
        **_subnet("Private", "10.9.1.0/24", {"NatGatewayId": {"Ref": "Nat"}}),
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "DependsOn": "Attachment",
            "Properties": {
                "SubnetId": {"Ref": "PublicSubnet"},
                "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            },
        },
    }


def _subnet(kind: str, block: str, target: dict[str, Any]) -> Resources:
    return {
        f"{kind}Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": block}},
        f"{kind}Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        f"{kind}Association": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": f"{kind}Subnet"}, "RouteTableId": {"Ref": f"{kind}Table"}},
        },
        f"{kind}Route": {
            "Type": "AWS::EC2::Route",
            "DependsOn": "Attachment",
            "Properties": {"RouteTableId": {"Ref": f"{kind}Table"}, "DestinationCidrBlock": "0.0.0.0/0", **target},
        },
    }


def security_group(*rules: dict[str, Any]) -> dict[str, Any]:
    """One that lets these in and everything out."""
    properties = {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "lab", "SecurityGroupIngress": list(rules)}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}


def everybody(port: int) -> dict[str, Any]:
    """A rule that lets everybody in."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"}
