"""The infrastructure stack gets every parameter, with the longest values, whatever the settings."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, pipeline
from phoenix_cfn.pipeline.overrides import LIMIT
from tests import gated
from tests.stack import Stack

NETWORKS: list[dict[str, Any]] = [{}, {"network": {"kind": "existing"}}]
HTTPS: list[dict[str, Any]] = [{}, *({"load_balancer": {"https": kind}} for kind in ("certificate", "domain"))]
DATABASES: list[dict[str, Any]] = [
    {},
    {"database": {"from_snapshot": True}},
    {"database": {"kind": "external"}},
    {"database": {"kind": "none"}},
]
LONG_NAME = {"name": "a-service-of-20-char", "scaling": {"tasks_limit": 40, "max_tasks": 40}}
EVERYTHING = {**NETWORKS[-1], **HTTPS[-1], **DATABASES[1]}


def release(chosen: dict[str, Any]) -> Stack:
    return Stack(pipeline.template(Settings.of(chosen)))


def deploy(stack: Stack) -> dict[str, Any]:
    """The configuration of the action that deploys the stack."""
    actions = [action for stage in stack.properties("Pipeline")["Stages"] for action in stage["Actions"]]
    (found,) = (each["Configuration"] for each in actions if "ParameterOverrides" in each["Configuration"])
    return dict(found)


def overrides(stack: Stack) -> str:
    """The action's, whose `${...}` CloudFormation fills in."""
    found = deploy(stack)["ParameterOverrides"]
    return str(found if isinstance(found, str) else found["Fn::Sub"])


def by_file(stack: Stack) -> str:
    """What the build is given to write; empty where there is no such thing."""
    variables = stack.properties("BuildProject")["Environment"]["EnvironmentVariables"]
    return next((str(each["Value"]["Fn::Sub"]) for each in variables if each["Name"] == "STACK_CONFIGURATION"), "")


def with_longest_values(text: str, service: str) -> str:
    """Counted by hand, but for parameters that have a length."""
    lengths = {
        "StagePrefix": 20,
        "ContainerPort": 5,
        "MinRunningTasks": 2,
        "MaxRunningTasks": 2,
        "RequestsPerSecondPerTask": 5,
        "AutoScalingTargetValue": 2,
        # vpc-0123456789abcdef0, subnet-0123456789abcdef0
        "VpcId": 21,
        **{f"{tier}Subnet{zone}": 24 for tier in ("Public", "Private", "Database") for zone in "AB"},
        # arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
        "CertificateArn": 94,
        "DomainName": 64,
        "HostedZoneId": 32,
        "MongoDBMasterUsername": 63,
        "MongoDBPort": 5,
        "DatabaseSnapshot": 84,
        "DatabaseSecretArn": 200,
        "DatabasePort": 5,
        "NotificationEmail": 100,
        # arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:<20>-<service>-database-a1B2c3
        "DatabaseCredentials": 64 + 20 + 1 + len(service) + 9 + 7,
        # arn:aws-us-gov:iam::123456789012:policy/<128>
        "RoleBoundary": 40 + 128,
    }
    for name, length in lengths.items():
        text = text.replace(f"${{{name}}}", "x" * length)
    assert "${" not in text
    return text


@pytest.mark.parametrize("chosen", [*itertools.product(NETWORKS, HTTPS, DATABASES, [{}, LONG_NAME])], ids=str)
def test_the_longest_values_fit(chosen: tuple[dict[str, Any], ...]) -> None:
    settings = {key: value for part in chosen for key, value in part.items()}
    stack = release(settings)
    text = overrides(stack)
    name = settings.get("name", "phoenix")
    assert len(with_longest_values(text, name)) <= LIMIT
    given = {**json.loads(by_file(stack) or '{"Parameters": {}}')["Parameters"], **json.loads(text)}
    assert json.loads(with_longest_values(json.dumps(given), name)).keys() == given.keys()
    assert ("TemplateConfiguration" in deploy(stack)) == bool(by_file(stack))


def test_parameters_that_fit_are_in_the_pipeline() -> None:
    for chosen in ({}, HTTPS[1], HTTPS[2], DATABASES[1], {**NETWORKS[1], **DATABASES[3], **HTTPS[2]}):
        assert by_file(release(chosen)) == "", chosen


def test_other_parameters_travel_by_a_file_of_the_build() -> None:
    stack = release(EVERYTHING)
    assert deploy(stack)["TemplateConfiguration"] == "Image::stack.json"
    assert json.loads(overrides(stack)).keys() == {"DockerImageURI"}
    parameters = json.loads(by_file(stack))["Parameters"]
    assert parameters["PublicSubnetA"] == "${PublicSubnetA}"
    assert parameters["MongoDBSecretArn"] == "${DatabaseCredentials}"
    assert not [name for name in parameters if "Password" in name or "Token" in name]


def test_the_gate_passes_them(tmp_path: Path) -> None:
    assert gated.findings(tmp_path, EVERYTHING) == []
