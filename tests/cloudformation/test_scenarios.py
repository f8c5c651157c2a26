"""Scenarios: each combination of a template's conditions, once."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.scenarios import MOST_SCENARIOS, stacks
from tests.cloudformation.reading import template


def verdicts(text: str, *conditions: str, **known: Any) -> list[tuple[bool | None, ...]]:
    return [tuple(map(stack.holds, conditions)) for stack in stacks(template(text), **known)]


DEFAULT = "Parameters: {Stage: {Type: String, Default: dev}}\nConditions: {P: !Equals [!Ref Stage, prod]}"
NO_DEFAULT = "Parameters: {Email: {Type: String}}\nConditions: {P: !Not [!Equals [!Ref Email, '']]}"
ALLOWED = (
    "Parameters: {Size: {Type: String, Default: m, AllowedValues: [s, m, l]}}\n"
    "Conditions: {S: !Equals [!Ref Size, s], L: !Equals [!Ref Size, l]}"
)
REGION = "Conditions: {P: !Equals [!Ref AWS::Region, us-east-1]}"
TWO = (
    "Parameters: {A: {Type: String, Default: x}, B: {Type: String, Default: x}}\n"
    "Conditions: {P: !Equals [!Ref A, y], Q: !Or [!Condition P, !Equals [!Ref B, y]]}"
)


@pytest.mark.parametrize(
    ("text", "conditions", "expected"),
    [
        ("Resources: {}", (), [()]),
        (DEFAULT, ("P",), [(False,), (True,)]),
        (NO_DEFAULT, ("P",), [(True,), (False,)]),
        (ALLOWED, ("S", "L"), [(False, False), (True, False), (False, True)]),
        (REGION, ("P",), [(True,), (False,)]),
        (TWO, ("P", "Q"), [(False, False), (False, True), (True, True)]),
        ("Conditions: x", ("P",), [(None,)]),
    ],
)
def test_each_combination_of_conditions_is_a_scenario(
    text: str, conditions: tuple[str, ...], expected: list[Any]
) -> None:
    assert verdicts(text, *conditions) == expected


def test_the_defaults_come_first() -> None:
    values = [stack.text({"Ref": "Stage"}) for stack in stacks(template(DEFAULT))]
    assert [value.literal if value else None for value in values] == ["dev", "prod"]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (DEFAULT, {"Stage": "prod"}, [(True,)]),
        (DEFAULT, {"Stage": "qa"}, [(False,)]),
        (NO_DEFAULT, {"Email": ""}, [(False,)]),
        (REGION, {"AWS::Region": "us-east-1"}, [(True,)]),
        (REGION, {"AWS::Region": "eu-west-1"}, [(False,)]),
        (REGION, {"AWS::AccountId": "123456789012"}, [(True,), (False,)]),
    ],
)
def test_known_values_are_the_same_in_each(text: str, values: dict[str, str], expected: list[Any]) -> None:
    assert verdicts(text, "P", values=values) == expected


def test_without_defaults_a_parameter_that_no_condition_compares_is_unknown() -> None:
    text = "Parameters: {Port: {Type: Number, Default: 80}}"
    (known,), (unknown,) = stacks(template(text)), stacks(template(text), defaults=False)
    for stack, literal in ((known, "80"), (unknown, None)):
        value = stack.text({"Ref": "Port"})
        assert value is not None
        assert value.literal == literal


def test_there_are_not_too_many() -> None:
    names = [f"P{number}" for number in range(40)]
    whole = {
        "Parameters": {name: {"Type": "String", "Default": "no"} for name in names},
        "Conditions": {name: {"Fn::Equals": [{"Ref": name}, "yes"]} for name in names},
    }
    found = stacks(whole)
    assert 1 < len(found) <= MOST_SCENARIOS
    assert not any(found[0].holds(name) for name in names)
    assert all(sum(stack.holds(name) is True for name in names) == 1 for stack in found[1:])


@pytest.mark.parametrize("whole", [None, [], "x", 1])
def test_what_is_no_template_has_no_scenario(whole: Any) -> None:
    assert stacks(whole) == []
