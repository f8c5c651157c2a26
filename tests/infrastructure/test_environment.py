"""A service of one's own: its variables, its secrets, and what its tasks may do in AWS."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.errors import SettingsError
from tests.iam.evaluator import Role
from tests.stack import Stack, get_att

ACCOUNT, REGION = "111122223333", "eu-west-1"
BY_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mail-AbCdEf"
SERVICE: dict[str, Any] = {
    "variables": {"LOG_LEVEL": "info", "PUBLIC_URL": "https://${StagePrefix}.example.com", "NODE_ENV": "test"},
    "secrets": {"API_KEY": "${StagePrefix}/payments:api_key", "TOKEN": "${StagePrefix}/payments:token", "MAIL": BY_ARN},
    "allow": [
        {
            "actions": ["s3:GetObject", "s3:PutObject"],
            "resources": ["arn:${AWS::Partition}:s3:::${StagePrefix}-orders/*"],
        },
        {"actions": ["cloudwatch:PutMetricData"], "resources": ["*"], "reason": "The action has no resource level."},
    ],
}
SETTINGS = {"service": SERVICE}
STACK = Stack(infrastructure.template(Settings.of(SETTINGS)))
RELEASE = Stack(pipeline.template(Settings.of(SETTINGS)))
(CONTAINER,) = STACK.properties("TaskDefinition")["ContainerDefinitions"]


def in_stage(value: Any) -> Any:
    """The value as it reads in the stage dev."""
    known = {
        "StagePrefix": "dev",
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::URLSuffix": "amazonaws.com",
    }
    if isinstance(value, list):
        return [in_stage(each) for each in value]
    if isinstance(value, dict):
        if "Fn::Sub" in value:
            text = value["Fn::Sub"]
            for name, each in known.items():
                text = text.replace(f"${{{name}}}", each)
            return text
        if "Ref" in value:
            return known.get(value["Ref"], value["Ref"])
        if "Fn::GetAtt" in value:
            return f"arn:of:{value['Fn::GetAtt'][0]}"
        return {key: in_stage(each) for key, each in value.items()}
    return value


def policies(stack: Stack, logical_id: str) -> list[dict[str, Any]]:
    return [in_stage(policy["PolicyDocument"]) for policy in stack.properties(logical_id)["Policies"]]


BOUNDARY = in_stage(RELEASE.properties("RoleBoundary")["PolicyDocument"])


def may(role: str, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    """Whether a role of the stage dev may do it within the boundary."""
    return Role(tuple(policies(STACK, role)), BOUNDARY).may(action, resource, context)


def test_a_variable_has_its_value_and_follows_the_stage() -> None:
    variables = {each["Name"]: in_stage(each["Value"]) for each in CONTAINER["Environment"]}
    assert variables == {
        "NODE_ENV": "test",
        "PORT": "ContainerPort",
        "WEB_CONCURRENCY": "2",
        "LOG_LEVEL": "info",
        "PUBLIC_URL": "https://dev.example.com",
    }


def test_a_secret_comes_by_name_or_by_arn_with_or_without_its_key() -> None:
    secrets = {each["Name"]: in_stage(each["ValueFrom"]) for each in CONTAINER["Secrets"]}
    place = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
    assert secrets == {
        "DB_CONNECTION_STRING": "DatabaseConnection",
        "API_KEY": f"{place}:dev/payments:api_key::",
        "TOKEN": f"{place}:dev/payments:token::",
        "MAIL": BY_ARN,
    }


@pytest.mark.parametrize("name", ["dev/payments-a1B2c3", "mail-AbCdEf"])
def test_the_execution_role_reads_the_secrets_and_the_tasks_do_not(name: str) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    by_it = {
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret,
    }
    assert may("TaskExecutionRole", "secretsmanager:GetSecretValue", secret)
    assert may("TaskExecutionRole", "kms:Decrypt", key, by_it)
    assert not may("TaskRole", "secretsmanager:GetSecretValue", secret)
    assert not may("TaskRole", "kms:Decrypt", key, by_it)


@pytest.mark.parametrize(
    "name", ["qa/payments-a1B2c3", "dev/payments2-a1B2c3", "dev/payments-more-a1B2c3", "payroll-AbCdEf"]
)
def test_the_execution_role_reads_no_other_secret(name: str) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
    by_it = {
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret,
    }
    assert not may("TaskExecutionRole", "secretsmanager:GetSecretValue", secret)
    assert not may("TaskExecutionRole", "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1", by_it)


def test_the_tasks_may_do_what_is_allowed_and_the_boundary_follows() -> None:
    assert may("TaskRole", "s3:PutObject", "arn:aws:s3:::dev-orders/1.json")
    assert may("TaskRole", "cloudwatch:PutMetricData", "*")
    assert not may("TaskRole", "s3:PutObject", "arn:aws:s3:::qa-orders/1.json")
    assert not may("TaskRole", "s3:DeleteObject", "arn:aws:s3:::dev-orders/1.json")
    assert not may("TaskExecutionRole", "s3:PutObject", "arn:aws:s3:::dev-orders/1.json")


def test_the_template_says_why_a_permission_is_wide() -> None:
    assert STACK.resources["TaskRole"]["Metadata"] == {"WideResources": {"Allow2": "The action has no resource level."}}


def test_one_variable_has_one_value() -> None:
    with pytest.raises(SettingsError, match=r"'service\.secrets\.KEY': .*Remove service\.variables\.KEY\."):
        Settings.of({"service": {"variables": {"KEY": "a"}, "secrets": {"KEY": "a"}}})


def test_every_mistake_of_the_tables_is_named_at_once() -> None:
    wrong = {
        "variables": {"PORT": "1", "A": "${Stage}"},
        "secrets": {"B": "x y"},
        "allow": [{"actions": ["s3:GetObjekt"], "resources": ["*"]}],
    }
    with pytest.raises(SettingsError) as error:
        Settings.of({"service": wrong})
    assert [each.setting for each in error.value.mistakes] == [
        "service.variables.PORT",
        "service.variables.A",
        "service.secrets.B",
        "service.allow",
        "service.allow",
    ]


def test_the_key_of_the_stack_is_for_the_connection_string_alone() -> None:
    statement = next(
        each for each in STACK.statements("TaskExecutionRole") if each["Sid"] == "DecryptTheConnectionString"
    )
    assert statement["Resource"] == [get_att("EncryptionKey", "Arn")]
