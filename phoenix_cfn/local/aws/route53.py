"""Route 53: records are within their zone, and an alias leads to the load balancer."""

from __future__ import annotations

from typing import Any

from phoenix_cfn.local.aws import ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend

# The hosted zone that MiniStack has for load balancers, of whatever region.
_LOAD_BALANCERS = "Z35SXDOTRQ7X7K"
_ROUTE53 = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide"


def require_public(zone: str) -> None:
    """ValueError unless there is such a public hosted zone."""
    found = ministack.route53._zones.get(zone)
    if found is None:
        raise ValueError(f"No hosted zone found with ID: {zone}")
    if found["private"]:
        raise ValueError(f"The hosted zone {zone} is private: ACM does not see its records")


def require_within(name: str, zone: str) -> None:
    """ValueError unless the name belongs to the zone."""
    apex = ministack.route53._zones[zone]["name"].rstrip(".")
    if not f".{name.rstrip('.')}".endswith(f".{apex}"):
        raise ValueError(f"RRSet with DNS name {name} is not permitted in zone {apex}.")


def put(zone: str, record: dict[str, Any]) -> None:
    """Adds a record to a zone, in place of one of the same name and type."""
    key = ministack.route53._rs_key(record)
    kept = [each for each in ministack.route53._records[zone] if ministack.route53._rs_key(each) != key]
    ministack.route53._records[zone] = [*kept, record]


@correction(
    "A record belongs to its zone; an alias leads to a load balancer by name and hosted zone",
    f"{_ROUTE53}/resource-record-sets-values-alias.html",
)
def records_are_checked() -> None:
    def check(properties: dict[str, Any]) -> None:
        zone, target = properties.get("HostedZoneId", ""), properties.get("AliasTarget")
        if zone not in ministack.route53._zones:
            raise ValueError(f"No hosted zone found with ID: {zone}")
        require_within(properties["Name"], zone)
        if target and ".elb." in target["DNSName"]:
            known = ministack.alb.find_lb_for_host(target["DNSName"])
            if known is None or target["HostedZoneId"] != _LOAD_BALANCERS:
                raise ValueError(
                    f"Tried to create an alias that targets {target['DNSName']}, but the alias target name does not "
                    f"lie within the target zone {target['HostedZoneId']}"
                )

    extend("AWS::Route53::RecordSet", before=check)


@correction("An alias record leads its name to the load balancer", f"{_ROUTE53}/routing-to-elb-load-balancer.html")
def aliases_lead_to_load_balancers() -> None:
    plain = ministack.alb.find_lb_for_host

    def find(host: str) -> Any:
        found = plain(host)
        return plain(_alias(host.partition(":")[0].lower())) if found is None else found

    ministack.alb.find_lb_for_host = find


def _alias(name: str) -> str:
    """What a name is an alias of; empty where it is none."""
    for zone in ministack.route53._records.values():
        for record in zone:
            if record["Type"] == "A" and record["Name"].rstrip(".").lower() == name and "AliasTarget" in record:
                return str(record["AliasTarget"]["DNSName"]).rstrip(".")
    return ""
