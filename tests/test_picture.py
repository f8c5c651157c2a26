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
    "HTTP 80",
    "HTTPS 443",
    "git push to GitHub",
    "git push to CodeCommit",
    "webhook",
    "connection",
    "event",
    "Approve",
    "Shift",
    "rolling",
    "blue/green",
    "canary",
    "linear",
    "by CodeDeploy",
    "smoke test",
)
GITHUB = {"git push to GitHub", "webhook"}
USUAL = {*GITHUB, "HTTP 80", "rolling"}
CHOSEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "defaults": ({}, {*USUAL, "NAT gateways", "DocumentDB"}),
    "one NAT gateway": ({"network": {"nat_gateways": 1}}, {*USUAL, "NAT gateway", "DocumentDB"}),
    "no NAT gateway": ({"network": {"nat_gateways": 0}}, {*USUAL, "interface endpoints", "DocumentDB"}),
    "an existing network, no database, a rate limit": (
        {"network": {"kind": "existing"}, "database": {"kind": "none"}, "load_balancer": {"rate_limit": 10}},
        {*USUAL, "a VPC that exists", "WAF"},
    ),
    "an external database": ({"database": {"kind": "external"}}, {*USUAL, "NAT gateways", "database elsewhere"}),
    "a connection, HTTPS": (
        {"pipeline": {"source": "github-connection"}, "load_balancer": {"https": "certificate"}},
        {"git push to GitHub", "connection", "HTTPS 443", "rolling", "NAT gateways", "DocumentDB"},
    ),
    "CodeCommit, approval, CodeDeploy": (
        {"pipeline": {"source": "codecommit"}, "deployment": {"strategy": "codedeploy", "approval": True}},
        {
            *("git push to CodeCommit", "event", "Approve", "Shift", "by CodeDeploy"),
            *("HTTP 80", "NAT gateways", "DocumentDB"),
        },
    ),
    **{
        name: (
            {"deployment": {"strategy": strategy, "smoke_test_path": "/health"}},
            {*GITHUB, "HTTP 80", name, "smoke test", "NAT gateways", "DocumentDB"},
        )
        for name, strategy in (("blue/green", "blue-green"), ("canary", "canary"), ("linear", "linear"))
    },
}


@pytest.mark.parametrize(("chosen", "shown"), CHOSEN.values(), ids=CHOSEN)
def test_the_picture_shows_what_there_is(chosen: dict[str, Any], shown: set[str]) -> None:
    settings = Settings.of(chosen)
    drawing = architecture(pipeline.template(settings).to_dict(), infrastructure.template(settings).to_dict())
    assert {words for words in OPTIONAL if re.search(rf"\b{words}\b", drawing)} == shown
    boxes = set(re.findall(r"(\w+)[\[(]", drawing))
    for arrow in re.findall(r"^ *(\w+) .*> (\w+)", drawing, re.M):
        assert {*arrow} - {"push"} <= boxes | {"stage", "users", "email"}, arrow
