"""Settings together: every two of them generate templates that pass the gate."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.errors import SettingsError
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
                "secrets": {"API_KEY": "${StagePrefix}/payments:key"},
                "allow": [
                    {
                        "actions": ["sqs:SendMessage"],
                        "resources": [
                            "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-orders"
                        ],
                    }
                ],
            }
        },
    ],
    "database": [
        {},
        {"database": {"kind": "none"}},
        {"database": {"kind": "external", "variable": "DATABASE_URL"}},
        {"database": {"instances": 16, "from_snapshot": True, "deletion_protection": True}},
        {"database": {"serverless_capacity": [0.5, 8], "instances": 1}},
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
        {"deployment": {"strategy": "blue-green", "smoke_test_path": "/health", "approval": True}},
        {"deployment": {"strategy": "codedeploy"}},
    ],
}
CONTRADICT = [({"network": {"nat_gateways": 0}}, {"database": {"kind": "external", "variable": "DATABASE_URL"}})]

Combination = tuple[int, ...]


def contradicts(parts: list[dict[str, Any]]) -> bool:
    return any(one in parts and other in parts for one, other in CONTRADICT)


def parts_of(combination: Combination) -> list[dict[str, Any]]:
    return [values[index] for values, index in zip(CHOICES.values(), combination, strict=True)]


def settings_of(combination: Combination) -> dict[str, Any]:
    """The plain settings of a combination: those of the same group together."""
    found: dict[str, Any] = {}
    for part in parts_of(combination):
        for key, value in part.items():
            found[key] = {**found.get(key, {}), **value} if isinstance(value, dict) else value
    return found


def pairwise() -> list[Combination]:
    """Combinations in which every two values of two settings meet: greedily, in the same order at every run."""
    sizes = [range(len(values)) for values in CHOICES.values()]
    every = {each: pairs(each) for each in itertools.product(*sizes) if not contradicts(parts_of(each))}
    open_ = set().union(*every.values())
    found: list[Combination] = []
    while open_:
        best = max(every, key=lambda each: len(every[each] & open_))
        found.append(best)
        open_ -= every[best]
    return found


def pairs(combination: Combination) -> set[tuple[tuple[int, int], tuple[int, int]]]:
    return set(itertools.combinations(enumerate(combination), 2))


COMBINATIONS = pairwise()


def test_every_two_values_meet() -> None:
    found = {pair for each in COMBINATIONS for pair in pairs(each)}
    values = [[(place, index) for index in range(len(each))] for place, each in enumerate(CHOICES.values())]
    every = {pair for one, other in itertools.combinations(values, 2) for pair in itertools.product(one, other)}
    refused = {
        ((place, CHOICES[group].index(one)), (other_place, CHOICES[other_group].index(other)))
        for (one, other) in CONTRADICT
        for place, group in enumerate(CHOICES)
        for other_place, other_group in enumerate(CHOICES)
        if one in CHOICES[group] and other in CHOICES[other_group] and one and other
    }
    assert every - found == {tuple(sorted(pair)) for pair in refused}


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
