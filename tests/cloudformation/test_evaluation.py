"""Expressions: what each function gives in a scenario, and that nothing unknown is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.evaluation import comparison
from tests.cloudformation.reading import stack, template

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Name: {Type: String}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /path/of/image}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
Mappings: {Sizes: {dev: {Cpu: 256, Zones: [x, y]}, prod: {Cpu: 1024}}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
  HasName: !Not [!Equals [!Ref Name, '']]
  Both: !And [!Condition NotProd, !Condition HasName]
  Either: !Or [!Condition NotProd, !Condition HasName]
  Never: !And [!Condition IsProd, !Condition HasName]
  Circle: !Not [!Condition Circle]
  Broken: {'Fn::Equals': [a]}
  NoFunction: true
Resources: {Vpc: {Type: AWS::EC2::VPC}}
"""

# Expression: the text with the references that remain; what is known of it.
VALUES: dict[str, tuple[str | None, str | None]] = {
    "text": ("text", "text"),
    "true": ("true", "true"),
    "1.5": ("1.5", "1.5"),
    "!Ref Stage": ("${Stage}", "dev"),
    "!Ref Name": ("${Name}", None),
    "!Ref Image": ("${Image}", None),
    "!Ref AWS::Region": ("${AWS::Region}", None),
    "!Ref AWS::NoValue": (None, None),
    "!Ref Vpc": ("${Vpc}", None),
    "!GetAtt Vpc.CidrBlock": ("${Vpc.CidrBlock}", None),
    "!Sub '${Stage}-${Vpc.CidrBlock}-${!x}'": ("${Stage}-${Vpc.CidrBlock}-${x}", None),
    "!Sub '${Stage}-a'": ("${Stage}-a", "dev-a"),
    "!Sub ['${A}-${Stage}', {A: !Ref Stage}]": ("${Stage}-${Stage}", "dev-dev"),
    "!Join ['-', [a, !Ref Stage, !Ref 'AWS::NoValue', c]]": ("a-${Stage}-c", "a-dev-c"),
    "!Join [',', !Split ['-', a-b]]": ("a,b", "a,b"),
    "!Select [1, [a, !Ref Stage]]": ("${Stage}", "dev"),
    "!Select ['0', !Split [',', 'x,y']]": ("x", "x"),
    "!Select [1, !Ref Zones]": ("b", "b"),
    "!Join ['/', !Ref Zones]": ("a/b", "a/b"),
    "!Select [1, !Cidr [10.0.0.0/16, 4, 8]]": ("10.0.1.0/24", "10.0.1.0/24"),
    "!Select [2, !Cidr ['fd00::/56', 3, 64]]": ("fd00:0:0:2::/64", "fd00:0:0:2::/64"),
    "!If [IsProd, a, b]": ("b", "b"),
    "!If [IsProd, a, !Ref 'AWS::NoValue']": (None, None),
    "!FindInMap [Sizes, !Ref Stage, Cpu]": ("256", "256"),
    "!Select [1, !FindInMap [Sizes, dev, Zones]]": ("y", "y"),
    "!FindInMap [Sizes, qa, Cpu, {DefaultValue: 512}]": ("512", "512"),
    "!Base64 script": ("script", "script"),
    "[a]": (None, None),
    "{a: b}": (None, None),
}
UNKNOWN = [
    "!If [HasName, a, b]",
    "!If [Missing, a, b]",
    "!FindInMap [Sizes, qa, Cpu]",
    "!FindInMap [Sizes, !Ref Name, Cpu]",
    "!Select [5, [a]]",
    "!Select [0, !Ref Subnets]",
    "!ImportValue x",
    "!GetAZs ''",
    "!Cidr [10.0.0.0/16, 2, 8]",
    "!Select [0, !Cidr [10.0.0.0/24, 4, 8]]",
    "!Select [0, !Cidr [x, 4, 8]]",
    "!Select [0, !Cidr [!Ref Name, 4, 8]]",
    "{Ref: [a]}",
    "{'Fn::Sub': {}}",
    "{'Fn::GetAtt': [a]}",
    "{'Fn::Join': x}",
    "{'Fn::Anything': x}",
]


def evaluated(expression: str, **scenario: Any) -> Any:
    return stack(TEMPLATE, **scenario).text(template(f"Value: {expression}")["Value"])


@pytest.mark.parametrize("expression", VALUES)
def test_a_value(expression: str) -> None:
    value = evaluated(expression)
    shown, literal = VALUES[expression]
    assert (None if value is None else str(value)) == shown
    assert (None if value is None else value.literal) == literal


@pytest.mark.parametrize("expression", UNKNOWN)
def test_what_is_not_known_is_a_value_of_its_own(expression: str) -> None:
    value = evaluated(expression)
    assert value.literal is None
    assert value == evaluated(expression), "two equal expressions are equal"
    assert value != evaluated("!ImportValue other")


@pytest.mark.parametrize(
    ("expression", "scenario", "literal"),
    [
        ("!Ref Stage", {"values": {"Stage": "prod"}}, "prod"),
        ("!Ref Stage", {"others": {"Stage"}}, None),
        ("!Ref Stage", {"defaults": False}, None),
        ("!Ref Image", {"values": {"Image": "repo:1"}}, "repo:1"),
        ("!Sub '${AWS::Region}.a'", {"values": {"AWS::Region": "eu-west-1"}}, "eu-west-1.a"),
        ("!If [IsProd, a, b]", {"values": {"Stage": "prod"}}, "a"),
        ("!If [IsProd, a, b]", {"others": {"Stage"}}, "b"),
        ("!If [IsProd, a, b]", {"defaults": False}, None),
        ("!If [HasName, a, b]", {"values": {"Name": ""}}, "b"),
        ("!FindInMap [Sizes, !Ref Stage, Cpu]", {"values": {"Stage": "prod"}}, "1024"),
    ],
)
def test_a_scenario(expression: str, scenario: dict[str, Any], literal: str | None) -> None:
    if "others" in scenario:
        scenario = {**scenario, "others": frozenset(scenario["others"])}
    assert evaluated(expression, **scenario).literal == literal


@pytest.mark.parametrize(
    ("condition", "by_default", "in_prod", "with_name"),
    [
        ("IsProd", False, True, False),
        ("NotProd", True, False, True),
        ("HasName", None, None, True),
        ("Both", None, False, True),
        ("Either", True, None, True),
        ("Never", False, None, False),
        ("Circle", None, None, None),
        ("Broken", None, None, None),
        ("NoFunction", None, None, None),
        ("Missing", None, None, None),
        (None, True, True, True),
        (["IsProd"], None, None, None),
    ],
)
def test_a_condition(condition: Any, by_default: bool | None, in_prod: bool | None, with_name: bool | None) -> None:
    assert stack(TEMPLATE).holds(condition) is by_default
    assert stack(TEMPLATE, values={"Stage": "prod"}).holds(condition) is in_prod
    assert stack(TEMPLATE, values={"Name": "x"}).holds(condition) is with_name


def test_a_comparison_may_be_assumed() -> None:
    key = comparison([{"Ref": "Name"}, ""])
    assert stack(TEMPLATE, comparisons={key: False}).holds("HasName") is True
    assert stack(TEMPLATE, comparisons={key: True}).holds("HasName") is False


@pytest.mark.parametrize("function", ["Fn::Join", "Fn::If", "Fn::Not", "Fn::Sub"])
def test_deep_nesting_is_unknown(function: str) -> None:
    value: Any = "x"
    for _ in range(2_000):
        value = {
            "Fn::Join": {"Fn::Join": ["", [value]]},
            "Fn::If": {"Fn::If": ["IsProd", "a", value]},
            "Fn::Not": {"Fn::Not": [value]},
            "Fn::Sub": {"Fn::Sub": ["${A}", {"A": value}]},
        }[function]
    deep = stack(TEMPLATE)
    assert deep.decides(value) is None
    found = deep.text(value)
    assert found is not None
    assert found.literal is None


def test_members_of_lists() -> None:
    read = stack(TEMPLATE)
    assert read.members(["a", {"Ref": "AWS::NoValue"}, {"Ref": "Name"}]) == ["a", {"Ref": "Name"}]
    assert read.members({"Fn::If": ["IsProd", ["a"], ["b"]]}) == ["b"]
    assert read.members({"Fn::If": ["HasName", ["a"], ["b"]]}) is None
    assert read.members({"Ref": "Zones"}) == ["a", "b"]
    assert read.members({"Ref": "Subnets"}) is None
