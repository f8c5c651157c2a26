"""The picture of the architecture shows what the settings choose, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.picture import architecture

OPTIONAL = (
    "NAT gateways",
    "NAT gateway",
    "interface endpoints",
    "DocumentDB",
    "database elsewhere",
    "WAF",
    "a VPC that exists",
)
CHOSEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "defaults": ({}, {"NAT gateways", "DocumentDB"}),
    "one NAT gateway": ({"network": {"nat_gateways": 1}}, {"NAT gateway", "DocumentDB"}),
    "no NAT gateway": ({"network": {"nat_gateways": 0}}, {"interface endpoints", "DocumentDB"}),
    "an existing network, no database, a rate limit": (
        {"network": {"kind": "existing"}, "database": {"kind": "none"}, "load_balancer": {"rate_limit": 10}},
        {"a VPC that exists", "WAF"},
    ),
    "an external database": ({"database": {"kind": "external"}}, {"NAT gateways", "database elsewhere"}),
}


@pytest.mark.parametrize(("chosen", "shown"), CHOSEN.values(), ids=CHOSEN)
def test_the_picture_shows_what_there_is(chosen: dict[str, Any], shown: set[str]) -> None:
    settings = Settings.of(chosen)
    drawing = architecture(pipeline.template(settings).to_dict(), infrastructure.template(settings).to_dict())
    assert {words for words in OPTIONAL if re.search(rf"\b{words}\b", drawing)} == shown
    boxes = set(re.findall(r"(\w+)[\[(]", drawing))
    for arrow in re.findall(r"^ *(\w+) .*> (\w+)", drawing, re.M):
        assert {*arrow} - {"push"} <= boxes | {"stage", "users", "email"}, arrow
