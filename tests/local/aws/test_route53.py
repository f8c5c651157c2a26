"""Route 53's corrections."""

from __future__ import annotations

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import request
from tests.local.aws.front import ZONE, alias, balancer
from tests.local.aws.lab import Lab


def test_records_are_checked(lab: Lab) -> None:
    assert "is not permitted in zone example.com" in lab.failure(
        {**ZONE, **balancer(), "Record": alias("lab.example.org")}
    )
    elsewhere = alias(HostedZoneId="Z0123456789ABCDEFGHIJ")
    assert "does not lie within the target zone" in lab.failure({**ZONE, **balancer(), "Record": elsewhere})
    unknown = alias(DNSName="none-123.eu-central-1.elb.amazonaws.com")
    assert "does not lie within the target zone" in lab.failure({**ZONE, **balancer(), "Record": unknown})


def test_aliases_lead_to_load_balancers(lab: Lab, aws: LocalAws) -> None:
    lab.deploy({**ZONE, **balancer(), "Record": alias()})
    assert request(aws, "http://lab.example.com").body == b"plain"
    assert request(aws, "http://other.example.com").body != b"plain"
