"""Settings together: every two of them generate templates that pass the gate."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.errors import SettingsError
from phoenix_cfn.infrastructure.deployments import STRATEGIES
from phoenix_cfn.pipeline.sources import KINDS
from tests import gated
from tests.stack import Stack, text, walk

# What each setting can be, the default first; a tuple of a group and its settings.
CHOICES: dict[str, list[dict[str, Any]]] = {
    "source": [{"pipeline": {"source": kind}} for kind in KINDS],
    "size": [{}, {"name": "a-service-of-20-char", "scaling": {"tasks_limit": 40, "max_tasks": 40}}],
    "task": [
        {},
        {
            "service": {
                "container_port": 9000,
                "cpu_architecture": "ARM64",
                "command": ["gunicorn", "orders:app"],
                "user": "10001",
                "writable_paths": ["/tmp"],
                "stop_timeout": 60,
                "variables": {"LOG_LEVEL": "info", "URL": "https://${StagePrefix}.example.com"},
                "secrets": {
                    "API_KEY": "${StagePrefix}/payments:key",
                    "MAIL": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mail-AbCdEf",
                },
                "allow": [
                    {
                        "actions": ["sqs:SendMessage"],
                        "resources": [
                            "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-orders"
                        ],
                    },
                    {
                        "actions": ["cloudwatch:PutMetricData"],
                        "resources": ["*"],
                        "reason": "The action has no resource level.",
                    },
                ],
            }
        },
    ],
    "database": [
        {},
        {"database": {"kind": "none"}},
        {"database": {"kind": "external", "variable": "DATABASE_URL"}},
        {
            "database": {
                "serverless_capacity": [0.5, 8],
                "instances": 3,
                "from_snapshot": True,
                "deletion_protection": True,
                "variable": "MONGODB_URI",
            }
        },
    ],
    "network": [
        {},
        {"network": {"nat_gateways": 1}},
        {"network": {"nat_gateways": 0}},
        {"network": {"kind": "existing"}},
    ],
    "https": [{}, {"load_balancer": {"https": "certificate"}}, {"load_balancer": {"https": "domain"}}],
    "rate limit": [{}, {"load_balancer": {"rate_limit": 100}}],
    "retention": [{}, {"retention": {"days": 30}}],
    "deployment": [
        {},
        {"deployment": {"strategy": "blue-green", "smoke_test_path": "/health?deep=1", "approval": True}},
        {"deployment": {"strategy": "canary"}},
        {"deployment": {"strategy": "linear", "smoke_test_path": "/health?deep=1"}},
        {"deployment": {"strategy": "codedeploy", "smoke_test_path": "/health", "approval": True}},
    ],
}
# In the order of CHOICES.
CONTRADICT = [({"database": {"kind": "external", "variable": "DATABASE_URL"}}, {"network": {"nat_gateways": 0}})]

Combination = tuple[int, ...]
# A value: the place of its setting in CHOICES, and its own in the list of that setting.
Value = tuple[int, int]
VALUES: list[list[Value]] = [
    [(place, index) for index in range(len(values))] for place, values in enumerate(CHOICES.values())
]
EVERY_PAIR = {pair for one, other in itertools.combinations(VALUES, 2) for pair in itertools.product(one, other)}


def part_of(value: Value) -> dict[str, Any]:
    place, index = value
    return list(CHOICES.values())[place][index]


REFUSED = {pair for pair in EVERY_PAIR if tuple(map(part_of, pair)) in CONTRADICT}


def settings_of(combination: Combination) -> dict[str, Any]:
    """The plain settings of a combination: those of the same group together."""
    found: dict[str, Any] = {}
    for part in map(part_of, enumerate(combination)):
        for key, value in part.items():
            found[key] = {**found.get(key, {}), **value} if isinstance(value, dict) else value
    return found


def pairwise() -> list[Combination]:
    """Combinations in which every two values of two settings meet, the same in every run.

    Each begins with a pair that is not in those before, and has of every other setting the value that adds most pairs.
    The settings with the most values come first: each of their pairs takes a combination of its own.
    """
    found: list[Combination] = []
    missing = EVERY_PAIR - REFUSED
    most_values_first = sorted(VALUES, key=len, reverse=True)
    while missing:
        chosen = set(min(missing, key=lambda pair: (-pairs_alike(pair), pair)))
        for values in most_values_first:
            if chosen.isdisjoint(values):
                fit = [value for value in values if REFUSED.isdisjoint(met(chosen, value))]
                chosen.add(max(fit, key=lambda value: len(missing & met(chosen, value))))
        found.append(tuple(index for _, index in sorted(chosen)))
        missing -= pairs(found[-1])
    return found


def pairs_alike(pair: Iterable[Value]) -> int:
    """How many pairs there are of the same two settings."""
    return math.prod(len(VALUES[place]) for place, _ in pair)


def met(chosen: set[Value], value: Value) -> set[tuple[Value, Value]]:
    """The pairs of a value with each of the others."""
    return {(min(other, value), max(other, value)) for other in chosen}


def pairs(combination: Combination) -> set[tuple[Value, Value]]:
    return set(itertools.combinations(enumerate(combination), 2))


COMBINATIONS = pairwise()


def test_every_strategy_of_deployment_is_among_the_choices() -> None:
    assert {Settings.of(each).deployment.strategy for each in CHOICES["deployment"]} == set(STRATEGIES)


def test_every_two_values_meet() -> None:
    found = {pair for each in COMBINATIONS for pair in pairs(each)}
    apart = [(part_of(one), part_of(other)) for one, other in EVERY_PAIR - found]
    assert sorted(apart, key=str) == sorted(CONTRADICT, key=str)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda each: "".join(map(str, each)))
def test_every_pair_of_settings_generates_templates_that_fit_together(combination: Combination) -> None:
    settings = Settings.of(settings_of(combination))
    stage = Stack(infrastructure.template(settings))
    release = Stack(pipeline.template(settings))
    for stack in (stage, release):
        known = {*stack.resources, *stack.parameters}
        for path, value in walk(stack.data):
            if path and path[-1] == "Ref" and not str(value).startswith("AWS::"):
                assert value in known, path
    assert parameters_given(release) == set(stage.parameters)
    assert '"*:*"' not in text(release.data)


def parameters_given(release: Stack) -> set[str]:
    """In ParameterOverrides, and in the file that the build writes."""
    stages = {each["Name"]: each for each in release.properties("Pipeline")["Stages"]}
    overrides = stages["Deploy"]["Actions"][0]["Configuration"]["ParameterOverrides"]
    variables = release.properties("BuildProject")["Environment"]["EnvironmentVariables"]
    by_file = [each["Value"]["Fn::Sub"] for each in variables if each["Name"] == "STACK_CONFIGURATION"]
    written = overrides if isinstance(overrides, str) else overrides["Fn::Sub"]
    return set(re.findall(r'"(\w+)":', "".join([written, *by_file]))) - {"Parameters"}


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda each: "".join(map(str, each)))
def test_a_combination_passes_the_gate(combination: Combination, tmp_path: Path) -> None:
    assert gated.findings(tmp_path, settings_of(combination)) == []


@pytest.mark.parametrize(("one", "other"), CONTRADICT, ids=str)
def test_a_contradiction_is_refused(one: dict[str, Any], other: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"found .*; expected .*\. .*\."):
        Settings.of({**one, **other})
