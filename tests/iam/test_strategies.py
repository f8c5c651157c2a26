"""The deploy role and the boundary follow the strategy of deployment, there and back; other forks get nothing of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.pipeline.deployed import left_by, of_the_library
from tests.iam.account import _HERE, ACCOUNT, Stage
from tests.iam.evaluator import Role
from tests.stack import Stack

NATIVE = ("blue-green", "canary", "linear")
SHIFTING = (*NATIVE, "codedeploy")


def settings(strategy: str, path: str = "/health") -> Settings:
    return Settings.of({"deployment": {"strategy": strategy, "smoke_test_path": path if strategy != "rolling" else ""}})


@cache
def stage(strategy: str, prefix: str = "dev") -> Stage:
    chosen = settings(strategy)
    return Stage(Stack(pipeline.template(chosen)), Stack(infrastructure.template(chosen)), prefix)


@cache
def back_to_rolling(strategy: str) -> Stage:
    """The pipeline stack of a fork that has changed its strategy to rolling, beside the stack that still runs."""
    chosen = settings(strategy)
    recorded = pipeline.build(chosen).deployed
    updated = pipeline.build(Settings(), recorded=recorded).template
    return Stage(Stack(updated), Stack(infrastructure.template(chosen)), "dev")


def statements(strategy: str) -> list[tuple[str, dict[str, Any]]]:
    stack = Stack(infrastructure.template(settings(strategy)))
    return [
        (role, statement)
        for role, properties in stack.of_type("AWS::IAM::Role").items()
        if "Policies" in properties
        for statement in stage(strategy).infrastructure.resolve(stack.statements(role))
    ]


@pytest.mark.parametrize("changed", [False, True], ids=["as it is", "back to rolling"])
@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_boundary_takes_nothing_from_the_roles_of_a_strategy(strategy: str, changed: bool) -> None:
    """Nor while a stage goes back: the roles work until the update has removed them, and again if it fails."""
    found = back_to_rolling(strategy) if changed else stage(strategy)
    assert len(statements(strategy)) > 5
    for role, statement in statements(strategy):
        context = statement.get("Condition", {}).get("StringEquals", {}) | found.tags
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                assert found.role(role).may(action, resource, context), (role, action, resource)


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_boundary_keeps_the_roles_from_another_stage(strategy: str) -> None:
    evil = Role(
        ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},),
        stage(strategy).pipeline.policy("RoleBoundary"),
    )
    other = stage(strategy, "dev-2")
    for action, logical_id in (
        ("elasticloadbalancing:ModifyListener", "Listener"),
        ("elasticloadbalancing:ModifyRule", "ProductionRule"),
        ("elasticloadbalancing:RegisterTargets", "TargetGroup"),
        ("lambda:InvokeFunction", "SmokeTestFunction"),
    ):
        if strategy == "codedeploy" and logical_id in ("ProductionRule", "TargetGroup"):
            continue
        assert evil.may(action, stage(strategy).infrastructure.arn(logical_id), stage(strategy).tags)
        assert not evil.may(action, other.infrastructure.arn(logical_id), other.tags)
        assert not evil.may(action, other.infrastructure.arn(logical_id), {})


NEEDS = {
    "native": [
        ("elasticloadbalancing:CreateRule", "Listener"),
        ("elasticloadbalancing:DeleteRule", "ProductionRule"),
        ("elasticloadbalancing:DeleteTargetGroup", "AlternateTargetGroup"),
    ],
    "codedeploy": [
        ("codedeploy:CreateApplication", "CodeDeployApplication"),
        ("codedeploy:DeleteApplication", "CodeDeployApplication"),
        ("codedeploy:CreateDeploymentConfig", "DeploymentStep"),
        ("codedeploy:DeleteDeploymentConfig", "DeploymentStep"),
        ("codedeploy:CreateDeploymentGroup", "DeploymentGroup"),
        ("codedeploy:UpdateDeploymentGroup", "DeploymentGroup"),
        ("codedeploy:DeleteDeploymentGroup", "DeploymentGroup"),
    ],
    "smoke test": [
        ("lambda:CreateFunction", "SmokeTestFunction"),
        ("lambda:UpdateFunctionCode", "SmokeTestFunction"),
        ("lambda:DeleteFunction", "SmokeTestFunction"),
    ],
}


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_deploy_role_creates_and_deletes_what_a_strategy_has(strategy: str) -> None:
    found = stage(strategy)
    role, context = found.role("DeployRole"), found.tags | found.stack_tag
    for action, logical_id in NEEDS["codedeploy" if strategy == "codedeploy" else "native"] + NEEDS["smoke test"]:
        assert role.may(action, found.infrastructure.arn(logical_id), context), action


@pytest.mark.parametrize("strategy", SHIFTING)
def test_back_to_rolling_everything_can_be_deleted_and_nothing_created(strategy: str) -> None:
    found = back_to_rolling(strategy)
    role, context = found.role("DeployRole"), found.tags | found.stack_tag
    for action, logical_id in NEEDS["codedeploy" if strategy == "codedeploy" else "native"] + NEEDS["smoke test"]:
        creates = ":Create" in action
        assert role.may(action, found.infrastructure.arn(logical_id), context) is not creates, action


SERVICES = {
    "rolling": {"ecs-tasks"},
    **{each: {"ecs-tasks", "ecs", "lambda"} for each in NATIVE},
    "codedeploy": {"ecs-tasks", "codedeploy", "lambda"},
}


@pytest.mark.parametrize("strategy", SERVICES)
def test_roles_are_passed_to_the_services_of_the_strategy_only(strategy: str) -> None:
    role = stage(strategy).role("DeployRole")
    own = f"arn:aws:iam::{ACCOUNT}:role/dev-phoenix/dev-phoenix-infrastructure-A-1"
    passed = {
        service
        for service in ("ecs-tasks", "ecs", "lambda", "codedeploy", "ec2", "cloudformation")
        if role.may("iam:PassRole", own, {"iam:PassedToService": f"{service}.amazonaws.com"})
    }
    assert passed == SERVICES[strategy]


def test_a_fork_that_deploys_rolling_gets_no_right_of_another_strategy() -> None:
    """The library's record would widen every fork's deploy role and boundary."""
    written = str(Stack(pipeline.template(Settings())).resources)
    for right in ("codedeploy:", "ModifyRule", "InvokeFunction", "UpdateFunctionCode", "CreateTaskSet"):
        assert right not in written


@pytest.mark.parametrize("strategy", SHIFTING)
def test_what_a_strategy_leaves_is_on_the_forks_record(strategy: str) -> None:
    chosen = settings(strategy)
    record = Earlier.from_json(pipeline.build(chosen).deployed.to_json())
    library = of_the_library(chosen)
    assert not left_by(chosen, infrastructure.template(chosen).to_dict()) - library - record
    assert not pipeline.build(Settings()).deployed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("codedeploy:DeleteApplication", f"arn:aws:codedeploy:{_HERE}:application:payroll"),
        ("codedeploy:DeleteDeploymentGroup", f"arn:aws:codedeploy:{_HERE}:deploymentgroup:payroll/payroll"),
        ("codedeploy:CreateDeployment", f"arn:aws:codedeploy:{_HERE}:deploymentgroup:dev-phoenix/dev-phoenix"),
        ("codedeploy:StopDeployment", "*"),
        ("codedeploy:RegisterOnPremisesInstance", f"arn:aws:codedeploy:{_HERE}:instance:own"),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{_HERE}:function:dev-2-phoenix"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{_HERE}:function:dev-phoenix"),
        ("elasticloadbalancing:DeleteRule", f"arn:aws:elasticloadbalancing:{_HERE}:listener-rule/app/other/1/2/3"),
    ],
)
def test_what_the_deploy_role_may_not_do_with_codedeploy_either(action: str, resource: str) -> None:
    for strategy in SHIFTING:
        assert not stage(strategy).role("DeployRole").may(action, resource, {})
