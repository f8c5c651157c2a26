"""A service for the lab whose deployments shift requests between two target groups."""

from __future__ import annotations

import copy
from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Resources, allow, role
from tests.local.aws.service import container, service

HEADER = "x-lab"
ALLOWED = (
    allow("elasticloadbalancing:Describe*"),
    allow("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"),
    allow("elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"),
)


def version(image: str, greeting: str, **more: Any) -> dict[str, Any]:
    """A container definition of the version that answers so."""
    return container(image, Environment=[{"Name": "GREETING", "Value": greeting}], **more)


def shifting(
    image: str, greeting: str = "one", strategy: dict[str, Any] | None = None, statements: Any = ALLOWED, **more: Any
) -> Resources:
    """The lab's service with a second target group, both rules and the role; by default blue/green without bake time.

    `statements`: what the role may do.
    """
    resources = service(version(image, greeting), **more)
    resources["Alternate"] = copy.deepcopy(resources["Targets"])
    resources["ProductionRule"] = rule(2, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}})
    header = {"HttpHeaderName": HEADER, "Values": ["new"]}
    resources["TestRule"] = rule(1, {"Field": "http-header", "HttpHeaderConfig": header})
    resources["Traffic"] = role("ecs.amazonaws.com", *statements)
    properties = resources["Service"]["Properties"]
    properties["LoadBalancers"][0]["AdvancedConfiguration"] = {
        "AlternateTargetGroupArn": {"Ref": "Alternate"},
        "ProductionListenerRule": {"Ref": "ProductionRule"},
        "TestListenerRule": {"Ref": "TestRule"},
        "RoleArn": {"Fn::GetAtt": ["Traffic", "Arn"]},
    }
    properties["DeploymentConfiguration"] |= {
        "Strategy": "BLUE_GREEN",
        "BakeTimeInMinutes": 0,
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        **(strategy or {}),
    }
    return resources


def rule(priority: int, condition: dict[str, Any], **weights: int) -> dict[str, Any]:
    """A listener rule that forwards to both target groups."""
    groups = [
        {"TargetGroupArn": {"Ref": name}, "Weight": weight}
        for name, weight in (weights or {"Targets": 100, "Alternate": 0}).items()
    ]
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": {"Ref": "Listener"},
            "Priority": priority,
            "Conditions": [condition],
            "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        },
    }


def targets(aws: LocalAws, group: str) -> list[str]:
    """The addresses of a target group's targets."""
    found = aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [each["Target"]["Id"] for each in found]


def weights(aws: LocalAws, rule_arn: str) -> dict[str, int]:
    """By target group."""
    [found] = aws.client("elbv2").describe_rules(RuleArns=[rule_arn])["Rules"]
    return {each["TargetGroupArn"]: each["Weight"] for each in found["Actions"][0]["ForwardConfig"]["TargetGroups"]}
