"""What a stage needs and its stacks do not make: on AWS it exists already, here a stack of its own makes it.

By the settings: the secrets of the service, a hosted zone or a certificate, a network, the secret of an external
database. Its outputs are named like the parameters of Pipeline.yml that they are for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.environment import SecretSource, secret_sources
from phoenix_cfn.local.errors import LocalError
from phoenix_cfn.settings import Settings

DOMAIN = "example.com"
# What a secret contains where no variable of the environment says it.
_UNKNOWN = "local"


def surroundings(
    settings: Settings, prefix: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """The template; without resources where nothing is needed.

    `given`: parameters that the user sets. `environment`: values of the secrets, by the names of their variables.
    Raises LocalError for a secret that cannot be made.
    """
    resources = _secrets(settings, prefix, environment)
    outputs: dict[str, Any] = {}
    for add in (_https, _network, _database):
        more, values = add(settings, prefix, given, environment)
        resources |= more
        outputs |= values
    return {
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items() if name not in given},
    }


Parts = tuple[dict[str, Any], dict[str, Any]]


def _secrets(settings: Settings, prefix: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The service's secrets, each with all of its keys."""
    contents: dict[str, Any] = {}
    for variable, source in secret_sources(settings.service.secrets).items():
        value = environment.get(variable, _UNKNOWN)
        name = _name(variable, source, prefix)
        if source.key:
            contents.setdefault(name, {})[source.key] = value
        else:
            contents[name] = value
    return {
        f"Secret{number}": _secret(name, content if isinstance(content, str) else json.dumps(content))
        for number, (name, content) in enumerate(contents.items(), start=1)
    }


def _name(variable: str, source: SecretSource, prefix: str) -> str:
    if not source.named:
        raise LocalError(
            f"service.secrets.{variable}: found an ARN of account {source.account}; expected a name, since the "
            "local AWS makes the secret. Name it to try the service here."
        )
    return source.arn.rpartition(":")[2].replace("${StagePrefix}", prefix)


def _secret(name: str, content: str) -> dict[str, Any]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name, "SecretString": content}}


def _https(settings: Settings, prefix: str, given: Mapping[str, str], _: Mapping[str, str]) -> Parts:
    """A hosted zone, and a certificate where the settings take one that exists."""
    kind = settings.load_balancer.https
    if kind == "off":
        return {}, {}
    domain = given.get("DomainName", f"{prefix}.{DOMAIN}")
    zone = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": domain.partition(".")[2]}}
    if kind == "domain":
        return {"Zone": zone}, {"DomainName": domain, "HostedZoneId": {"Ref": "Zone"}}
    proof = {"DomainName": domain, "HostedZoneId": {"Ref": "Zone"}}
    properties = {"DomainName": domain, "ValidationMethod": "DNS", "DomainValidationOptions": [proof]}
    certificate = {"Type": "AWS::CertificateManager::Certificate", "Properties": properties}
    return {"Zone": zone, "Certificate": certificate}, {"CertificateArn": {"Ref": "Certificate"}}


def _database(settings: Settings, prefix: str, _: Mapping[str, str], environment: Mapping[str, str]) -> Parts:
    """The secret of an external database."""
    if settings.database.kind != "external":
        return {}, {}
    content = environment.get(settings.database.variable, _UNKNOWN)
    secret = _secret(f"{prefix}-{settings.name}-external", content)
    return {"Database": secret}, {"DatabaseSecretArn": {"Ref": "Database"}}


def _network(settings: Settings, prefix: str, given: Mapping[str, str], _: Mapping[str, str]) -> Parts:
    """A VPC with two subnets of each tier; the private ones have a way out by a NAT gateway."""
    if settings.network.kind != "existing":
        return {}, {}
    tiers = ["Public", "Private", *(["Database"] if settings.database.kind == "documentdb" else [])]
    parts: dict[str, Any] = {
        "Vpc": _of("VPC", CidrBlock="10.20.0.0/16", EnableDnsSupport=True, EnableDnsHostnames=True),
        "Gateway": _of("InternetGateway"),
        "Attachment": _of("VPCGatewayAttachment", VpcId={"Ref": "Vpc"}, InternetGatewayId={"Ref": "Gateway"}),
        "Address": _of("EIP", Domain="vpc"),
        "Nat": {
            **_of(
                "NatGateway",
                SubnetId={"Ref": "PublicSubnetA"},
                AllocationId={"Fn::GetAtt": ["Address", "AllocationId"]},
            ),
            "DependsOn": "Attachment",
        },
    }
    ways = {"Public": {"GatewayId": {"Ref": "Gateway"}}, "Private": {"NatGatewayId": {"Ref": "Nat"}}}
    for number, tier in enumerate(tiers):
        parts[f"{tier}Table"] = _of("RouteTable", VpcId={"Ref": "Vpc"})
        if tier in ways:
            route = _of("Route", RouteTableId={"Ref": f"{tier}Table"}, DestinationCidrBlock="0.0.0.0/0", **ways[tier])
            parts[f"{tier}Route"] = {**route, "DependsOn": "Attachment"}
        for place, zone in enumerate("AB"):
            name = f"{tier}Subnet{zone}"
            parts[name] = _of(
                "Subnet",
                VpcId={"Ref": "Vpc"},
                CidrBlock=f"10.20.{2 * number + place}.0/24",
                AvailabilityZone={"Fn::Select": [place, {"Fn::GetAZs": ""}]},
            )
            parts[f"{name}Routes"] = _of(
                "SubnetRouteTableAssociation", SubnetId={"Ref": name}, RouteTableId={"Ref": f"{tier}Table"}
            )
    subnets = {f"{tier}Subnet{zone}": {"Ref": f"{tier}Subnet{zone}"} for tier in tiers for zone in "AB"}
    return parts, {"VpcId": {"Ref": "Vpc"}, **subnets}


def _of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::EC2::{kind}", "Properties": properties}
