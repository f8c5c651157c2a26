"""The form at the console: the original's names, grouped, labelled, constrained, and safe by default."""

from __future__ import annotations

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
        "Fn::And": all,
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
