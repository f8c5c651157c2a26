"""ACM: certificates that the local authority signs, for domains that a hosted zone proves."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import certificates, ministack, route53
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.settings import settings

_ACM = "https://docs.aws.amazon.com/acm/latest/userguide"
_BEGIN = "-----BEGIN CERTIFICATE"
_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"


def pem(arn: str) -> str:
    """Key and certificate, in one PEM text; empty where ACM has issued no such certificate."""
    found = ministack.acm._get_local_certificate(arn)
    return str(found["_private_key"] + found["_pem_body"]) if found and found["Status"] == "ISSUED" else ""


@correction(
    "CloudFormation proves a domain by a record in its hosted zone, which must be public and the domain's",
    f"{_CFN}/aws-properties-certificatemanager-certificate-domainvalidationoption.html",
)
def domains_are_proven() -> None:
    handler = ministack.handlers["AWS::CertificateManager::Certificate"]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        zones = _zones(properties)
        arn, attributes = create(logical_id, properties, stack)
        _prove(arn, zones)
        return arn, attributes

    def updated(arn: str, old: Any, new: Any, *rest: Any) -> Any:
        zones = _zones(new)
        changed, attributes = update(arn, old, new, *rest)
        _prove(changed, zones)
        return changed, attributes

    ministack.handlers["AWS::CertificateManager::Certificate"] = {**handler, "create": created, "update": updated}


def _zones(properties: dict[str, Any]) -> dict[str, str]:
    """The hosted zone of each domain. ValueError where one lacks it: CloudFormation would wait for a person."""
    zones = {each["DomainName"]: each.get("HostedZoneId") for each in properties.get("DomainValidationOptions", [])}
    found = {}
    for domain in [properties["DomainName"], *properties.get("SubjectAlternativeNames", [])]:
        if properties.get("ValidationMethod", "EMAIL") != "DNS" or not zones.get(domain):
            raise ValueError(f"Nothing proves the domain {domain}: the certificate would wait until it times out")
        zone = str(zones[domain])
        route53.require_public(zone)
        route53.require_within(domain, zone)
        found[domain] = zone
    return found


def _prove(arn: str, zones: dict[str, str]) -> None:
    """The record that CloudFormation writes stays when the certificate is deleted."""
    for each in ministack.acm._certificates[arn]["DomainValidationOptions"]:
        if zone := zones.get(each["DomainName"]):
            name, value = (each["ResourceRecord"][key] for key in ("Name", "Value"))
            route53.put(zone, {"Name": name, "Type": "CNAME", "TTL": "300", "ResourceRecords": [value]})


@correction("An issued certificate has a key, and a chain to an authority", f"{_ACM}/acm-concepts.html")
def certificates_are_real() -> None:
    plain = ministack.acm._get_local_certificate

    def signed(arn: str) -> Any:
        certificate = plain(arn)
        if certificate and certificate["Type"] == "AMAZON_ISSUED" and not certificate["_private_key"]:
            names = list(dict.fromkeys([certificate["DomainName"], *certificate["SubjectAlternativeNames"]]))
            key, mark, body = certificates.server_pem(settings().state, names).decode().partition(_BEGIN)
            authority = certificates.authority(settings().state).read_text()
            certificate.update(_private_key=key, _pem_body=mark + body, _pem_chain=authority)
        return certificate

    ministack.acm._get_local_certificate = signed


@correction(
    "A certificate that a listener serves cannot be deleted",
    "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
)
def certificates_in_use_stay() -> None:
    handler = ministack.handlers["AWS::CertificateManager::Certificate"]
    delete = handler["delete"]

    def strict(arn: str, properties: dict[str, Any]) -> None:
        if any(arn in str(each.get("Certificates")) for each in ministack.alb._listeners.values()):
            raise ValueError(f"Certificate {arn} in account {ministack.account()} is in use.")
        delete(arn, properties)

    ministack.handlers["AWS::CertificateManager::Certificate"] = {**handler, "delete": strict}
