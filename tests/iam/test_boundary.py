"""The attack: a user who can push a template tries to become an administrator by the deploy role."""

from __future__ import annotations

import pytest

from phoenix_cfn import Settings, infrastructure
from phoenix_cfn.iam.deploy import deploy_permissions
from tests.iam.account import ACCOUNT, Stage
from tests.iam.evaluator import Role
from tests.stack import Stack

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OWN = f"arn:aws:iam::{ACCOUNT}:role/dev-phoenix/dev-phoenix-infrastructure-Evil-1"
GIVE_POWER = ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]


@pytest.mark.parametrize("action", GIVE_POWER)
def test_a_role_gets_power_only_within_the_boundary(action: str, dev: Stage) -> None:
    role, boundary = dev.role("DeployRole"), dev.pipeline.arn("RoleBoundary")
    assert role.may(action, OWN, {"iam:PermissionsBoundary": boundary})
    assert not role.may(action, OWN)
    for other in ("arn:aws:iam::aws:policy/AdministratorAccess", boundary + "2"):
        assert not role.may(action, OWN, {"iam:PermissionsBoundary": other})


@pytest.mark.parametrize("action", ["iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy"])
def test_nothing_leads_past_the_boundary(action: str, dev: Stage) -> None:
    assert not dev.role("DeployRole").may(action, OWN, {"iam:PermissionsBoundary": dev.pipeline.arn("RoleBoundary")})


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/me"),
        ("iam:PutRolePolicy", OWN),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/administrator"),
        ("secretsmanager:GetSecretValue", "{database credentials}"),
        ("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv"),
        ("ecr:PutImage", "arn:aws:ecr:eu-west-1:111122223333:repository/dev-phoenix"),
    ],
)
def test_a_role_with_all_permissions_stays_a_task_role(action: str, resource: str, dev: Stage) -> None:
    """The template may say `*`: with the boundary the role can do no more than the roles do as they are written."""
    evil = Role((EVERYTHING,), dev.pipeline.policy("RoleBoundary"))
    assert Role((EVERYTHING,)).may(action, resource)
    assert not evil.may(action, resource.replace("{database credentials}", dev.pipeline.arn("DatabaseCredentials")))


def test_the_boundary_takes_nothing_from_the_roles_as_they_are_written(dev: Stage) -> None:
    boundary = dev.pipeline.policy("RoleBoundary")
    for logical_id in ("TaskRole", "TaskExecutionRole"):
        for policy in dev.infrastructure.role(logical_id).policies:
            for statement in policy["Statement"]:
                conditions = statement.get("Condition", {}).get("StringEquals", {})
                for action in statement["Action"]:
                    for resource in statement["Resource"]:
                        context = conditions | dev.tags
                        assert Role((policy,), boundary).may(action, resource, context), (action, resource)


def test_both_roles_have_the_boundary_and_the_path(infrastructure_stack: Stack) -> None:
    for properties in infrastructure_stack.of_type("AWS::IAM::Role").values():
        assert properties["PermissionsBoundary"] == {"Ref": "RoleBoundaryArn"}
        assert properties["Path"] == {"Fn::Sub": "/${StagePrefix}-phoenix/"}


def test_a_path_alone_would_not_do() -> None:
    """Without the boundary the derived role could make an administrator: this is what the boundary is for."""
    template = infrastructure.template(Settings()).to_dict()
    for resource in template["Resources"].values():
        resource.get("Properties", {}).pop("PermissionsBoundary", None)
    values = {"StagePrefix": "dev", "AWS::StackName": "dev-phoenix-infrastructure", "AWS::AccountId": ACCOUNT}
    statements = [each.to_json() for each in deploy_permissions(template, values | {"AWS::Partition": "aws"})]
    unbounded = Role(({"Statement": [each for each in statements if "iam:CreateRole" in each["Action"]]},))
    assert unbounded.may("iam:CreateRole", OWN)
    assert unbounded.may("iam:PutRolePolicy", OWN)
