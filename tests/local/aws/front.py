"""A load balancer for the lab that answers by itself."""

from __future__ import annotations

from typing import Any

from tests.local.aws.lab import Resources, everybody, network, security_group

ZONE: Resources = {"Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.com"}}}
POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
OUTPUTS = {"Name": {"Fn::GetAtt": ["Balancer", "DNSName"]}, "Balancer": {"Ref": "Balancer"}}


def certificate(domain: str = "lab.example.com", zone: Any = None) -> dict[str, Any]:
    """One that the zone proves."""
    return {
        "Type": "AWS::CertificateManager::Certificate",
        "Properties": {
            "DomainName": domain,
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [{"DomainName": domain, "HostedZoneId": zone or {"Ref": "Zone"}}],
        },
    }


def alias(name: str = "lab.example.com", **target: Any) -> dict[str, Any]:
    """A record that leads to the load balancer."""
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "HostedZoneId": {"Ref": "Zone"},
            "Name": name,
            "Type": "A",
            "AliasTarget": {
                "DNSName": {"Fn::GetAtt": ["Balancer", "DNSName"]},
                "HostedZoneId": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneID"]},
                **target,
            },
        },
    }


def answering(text: str) -> dict[str, Any]:
    """The action of a listener that answers with a text."""
    response = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": response}


def listener(port: int, protocol: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": port,
            "Protocol": protocol,
            "DefaultActions": [action],
            **more,
        },
    }


def balancer(**listeners: dict[str, Any]) -> Resources:
    """A load balancer with these listeners; without, one on port 80 that answers."""
    return {
        **network(),
        "BalancerGroup": security_group(everybody(80), everybody(443)),
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": [{"Ref": "PublicSubnet"}, {"Ref": "PrivateSubnet"}],
                "SecurityGroups": [{"Ref": "BalancerGroup"}],
            },
        },
        **(listeners or {"Listener": listener(80, "HTTP", answering("plain"))}),
    }
