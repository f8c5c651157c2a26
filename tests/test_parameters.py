"""The form at the console: the original's names, grouped, labelled, constrained, and safe by default."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.stack import Stack

ORIGINAL_PIPELINE = {
    "StagePrefix",
    "GithubUsername",
    "GithubRepository",
    "GithubBranch",
    "GithubOAuthToken",
    "MongoDBMasterUsername",
    "MongoDBMasterPassword",
    "MongoDBPort",
    "ContainerPort",
}
ORIGINAL_INFRASTRUCTURE = {
    "StagePrefix",
    "MongoDBMasterUsername",
    "MongoDBPort",
    "ContainerPort",
    "DockerImageURI",
    "MinRunningTasks",
    "MaxRunningTasks",
    "AutoScalingTargetValue",
}


@pytest.fixture(params=["pipeline_stack", "infrastructure_stack"])
def stack(request: pytest.FixtureRequest) -> Stack:
    found: Stack = request.getfixturevalue(request.param)
    return found


def accepts(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation would take the value."""
    if parameter["Type"] == "Number":
        return value.lstrip("-").isdigit() and parameter["MinValue"] <= int(value) <= parameter["MaxValue"]
    if len(value) > parameter.get("MaxLength", 4096):
        return False
    return re.fullmatch(parameter["AllowedPattern"], value) is not None


def test_the_originals_parameters_keep_their_names(pipeline_stack: Stack, infrastructure_stack: Stack) -> None:
    assert set(pipeline_stack.parameters) >= ORIGINAL_PIPELINE
    assert set(infrastructure_stack.parameters) >= ORIGINAL_INFRASTRUCTURE
    # The password's place is taken by a reference to the secret that holds it.
    assert "MongoDBMasterPassword" not in infrastructure_stack.parameters
    assert "MongoDBSecretArn" in infrastructure_stack.parameters


def test_only_the_github_values_have_no_default(pipeline_stack: Stack) -> None:
    without = {name for name, parameter in pipeline_stack.parameters.items() if "Default" not in parameter}
    assert without == {"GithubUsername", "GithubRepository", "GithubBranch", "GithubOAuthToken"}


def test_the_infrastructure_lacks_only_what_the_pipeline_makes(infrastructure_stack: Stack) -> None:
    without = {name for name, parameter in infrastructure_stack.parameters.items() if "Default" not in parameter}
    assert without == {"DockerImageURI", "MongoDBSecretArn", "RoleBoundaryArn"}


def test_secrets_are_hidden_and_have_no_default_that_is_a_secret(pipeline_stack: Stack) -> None:
    for name in ("GithubOAuthToken", "MongoDBMasterPassword"):
        parameter = pipeline_stack.parameters[name]
        assert parameter["NoEcho"] is True
        assert parameter.get("Default", "") == ""


def test_every_parameter_is_described_labelled_grouped_and_constrained(stack: Stack) -> None:
    interface = stack.data["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(stack.parameters)
    assert set(interface["ParameterLabels"]) == set(stack.parameters)
    for name, parameter in stack.parameters.items():
        assert parameter["Description"], name
        assert parameter["ConstraintDescription"].startswith(("Enter", "Use")), name
        assert "AllowedPattern" in parameter or {"MinValue", "MaxValue"} <= set(parameter), name


def test_every_default_is_accepted(stack: Stack) -> None:
    for name, parameter in stack.parameters.items():
        if "Default" in parameter:
            assert accepts(parameter, str(parameter["Default"])), name


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("StagePrefix", ["dev", "prod", "qa-2", "a" * 20], ["", "Prod_1", "-dev", "dev-", "a--b", "2nd", "a" * 21]),
        ("ContainerPort", ["8080", "1024", "65535"], ["0", "80", "70000", "http"]),
        ("MongoDBPort", ["27017"], ["0", "1149", "70000"]),
        ("MongoDBMasterUsername", ["documentdb", "A1"], ["", "1st", "a-b", "a" * 64]),
        (
            "MongoDBMasterPassword",
            ["", "s3cret_Pa.ss~w-rd"],
            ["short", "with space", "sl/ash-word", 'quo"teword', "at@sign00"],
        ),
        (
            "NotificationEmail",
            ["", "ops@example.com"],
            ["ops", "ops@example", 'a"@b.cc', "a b@c.de", "x" * 95 + "@ab.com"],
        ),
        ("GithubUsername", ["octocat", "my-org"], ["", "-x", "a--b", "https://github.com/octocat"]),
        ("GithubRepository", ["cloud-phoenix-kata", "a.b"], ["", "owner/name", "a b"]),
        ("GithubBranch", ["main", "release/1.0"], ["", "/main", "a b"]),
        ("GithubOAuthToken", ["ghp_" + "a" * 36, "0" * 40], ["", "github_pat_11AAAAAAA0", "ghp_short", "secret"]),
    ],
)
def test_what_a_person_may_type(pipeline_stack: Stack, name: str, good: list[str], bad: list[str]) -> None:
    parameter = pipeline_stack.parameters[name]
    assert [value for value in good if not accepts(parameter, value)] == []
    assert [value for value in bad if accepts(parameter, value)] == []


def evaluate(rule: Any, values: dict[str, str]) -> Any:
    """What CloudFormation makes of a Rules expression."""
    if isinstance(rule, list):
        return [evaluate(each, values) for each in rule]
    if not isinstance(rule, dict):
        return rule
    ((name, argument),) = rule.items()
    if name == "Ref":
        return values[argument]
    operands = evaluate(argument, values)
    functions: dict[str, Callable[[Any], bool]] = {
        "Fn::Or": any,
        "Fn::Not": lambda each: not each[0],
        "Fn::Equals": lambda each: each[0] == each[1],
        "Fn::Contains": lambda each: each[1] in each[0],
    }
    return functions[name](operands)


def test_a_maximum_below_the_minimum_is_refused_before_anything_is_made(stack: Stack) -> None:
    assertions = stack.data["Rules"]["MaximumNotBelowMinimum"]["Assertions"]
    limit = stack.parameters["MaxRunningTasks"]["MaxValue"]
    for least in range(1, limit + 1):
        for most in range(1, limit + 1):
            values = {"MinRunningTasks": str(least), "MaxRunningTasks": str(most)}
            accepted = all(evaluate(each["Assert"], values) for each in assertions)
            assert accepted == (least <= most), values
