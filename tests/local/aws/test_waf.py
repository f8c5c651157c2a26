"""WAF's corrections."""

from __future__ import annotations

import time
from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import request
from tests.local.aws.front import OUTPUTS, balancer
from tests.local.aws.lab import Lab, Resources

ASSOCIATION: dict[str, Any] = {
    "Type": "AWS::WAFv2::WebACLAssociation",
    "Properties": {"ResourceArn": {"Ref": "Balancer"}, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}},
}


def limited(limit: int = 10) -> Resources:
    """A load balancer that an address may ask so many times in a minute."""
    visible = {"CloudWatchMetricsEnabled": True, "MetricName": "lab", "SampledRequestsEnabled": True}
    rule: dict[str, Any] = {
        "Name": "rate",
        "Priority": 0,
        "Statement": {"RateBasedStatement": {"AggregateKeyType": "IP", "EvaluationWindowSec": 60, "Limit": limit}},
        "Action": {"Block": {"CustomResponse": {"ResponseCode": 429}}},
        "VisibilityConfig": visible,
    }
    acl = {
        "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}},
        "Rules": [rule],
        "VisibilityConfig": visible,
    }
    return {**balancer(), "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": acl}, "Association": ASSOCIATION}


def test_rates_are_limited(lab: Lab, aws: LocalAws) -> None:
    url = f"http://{lab.deploy(limited(), OUTPUTS)['Name']}"
    statuses = [request(aws, url).status for _ in range(14)]
    assert statuses == [200] * 10 + [429] * 4
    time.sleep(60 * aws.settings.time_scale + 0.5)
    assert request(aws, url).status == 200


def test_associations(lab: Lab, aws: LocalAws) -> None:
    outputs = lab.deploy(limited(), OUTPUTS)
    waf = aws.client("wafv2")
    assert waf.get_web_acl_for_resource(ResourceArn=outputs["Balancer"])["WebACL"]["Rules"][0]["Name"] == "rate"
    assert lab.update(lab.stacks[0], {name: each for name, each in limited().items() if name != "Association"})
    assert {request(aws, f"http://{outputs['Name']}").status for _ in range(12)} == {200}
    gone = limited()
    gone["Association"] = {
        **ASSOCIATION,
        "Properties": {**ASSOCIATION["Properties"], "ResourceArn": f"{outputs['Balancer']}0"},
    }
    assert "your resource doesn't exist" in lab.failure(gone)


def test_web_acls_in_use_stay(lab: Lab) -> None:
    own = lab.begin({"Acl": limited()["Acl"]}, {"Arn": {"Fn::GetAtt": ["Acl", "Arn"]}})
    lab.settled(own)
    association = {**ASSOCIATION["Properties"], "WebACLArn": lab.outputs(own)["Arn"]}
    lab.deploy({**balancer(), "Association": {**ASSOCIATION, "Properties": association}})
    assert lab.delete(own) == "DELETE_FAILED"
    assert "associated with another resource" in lab.reasons(own)
