"""A preview never crashes and ends in time, whatever two templates are: what cannot be read is refused or unknown."""

from __future__ import annotations

import contextlib
import copy
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phoenix_cfn.changes import report
from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.changes.preview import Preview, preview
from phoenix_cfn.changes.sides import Side, SideError
from phoenix_cfn.cloudformation.documents import read_template
from tests.changes.pairs import pairs
from tests.cloudformation.test_never_crash import NAME, VALUE

ROOT = Path(__file__).resolve().parents[2]
WHOLE = [
    *(read_template(ROOT / "templates" / name) for name in ("Pipeline.yml", "Infrastructure.yml")),
    *(each.old for each in pairs()),
]
TYPES = sorted({raw["Type"] for whole in WHOLE for raw in whole["Resources"].values() if "Type" in raw})
TEMPLATE = st.fixed_dictionaries(
    {
        "Resources": st.dictionaries(
            NAME,
            st.fixed_dictionaries(
                {"Type": st.one_of(st.sampled_from(TYPES), st.just("Custom::X"))},
                optional={
                    "Properties": VALUE,
                    "Condition": VALUE,
                    "DependsOn": VALUE,
                    "Metadata": VALUE,
                    "UpdatePolicy": VALUE,
                    "DeletionPolicy": VALUE,
                    "UpdateReplacePolicy": VALUE,
                },
            ),
            max_size=5,
        )
    },
    optional={
        "Conditions": st.dictionaries(NAME, VALUE, max_size=3),
        "Parameters": st.dictionaries(NAME, VALUE, max_size=3),
        "Mappings": st.dictionaries(NAME, VALUE, max_size=3),
        "Outputs": st.dictionaries(NAME, VALUE, max_size=3),
        "Transform": st.sampled_from(["AWS::LanguageExtensions", ["AWS::LanguageExtensions"]]),
    },
)


def compared(old: Any, new: Any) -> Preview | None:
    """The preview, written in each form; None for templates that are refused with a message."""
    with contextlib.suppress(SideError):
        found = preview(Side.of(old, "old", {}), Side.of(new, "new", {}))
        report.as_text([found], True)
        report.as_markdown([found])
        report.as_json([found])
        return found
    return None


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(old=TEMPLATE, new=TEMPLATE)
def test_odd_templates(old: Any, new: Any) -> None:
    compared(old, new)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(template=TEMPLATE)
def test_an_odd_template_and_itself_differ_in_nothing_that_is_certain(template: Any) -> None:
    found = compared(template, copy.deepcopy(template))
    certain = {Outcome.ADDED, Outcome.REMOVED, Outcome.REPLACED}
    assert found is None or not [each for each in found.changes.values() if each.outcome in certain]


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, (dict, list)):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        return [path] + [place for key, value in items for place in _places(value, (*path, key))]
    return [path]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whole_templates_with_odd_places(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE))
    changed = copy.deepcopy(whole)
    place = data.draw(st.sampled_from([each for each in _places(whole["Resources"]) if len(each) > 1]))
    parent = changed["Resources"]
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = data.draw(VALUE)
    compared(whole, changed)


def _chain(length: int, cidr: str) -> dict[str, Any]:
    """Subnets... each in a route table of the one before: a chain of references through the whole template."""
    resources: dict[str, Any] = {"R0": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}}
    for index in range(1, length):
        resources[f"R{index}"] = {
            "Type": "AWS::EC2::RouteTable",
            "Properties": {"VpcId": {"Fn::Sub": f"${{R{index - 1}}}"}},
        }
    return {"Resources": dict(reversed(resources.items()))}


HOSTILE = {
    "a chain of 500 references, last to first": (_chain(500, "10.0.0.0/16"), _chain(500, "10.1.0.0/16")),
    "500 resources with one name": tuple(
        {
            "Resources": {
                f"{letter}{index}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"t{index}-{letter}"}}
                for index in range(500)
            }
        }
        for letter in "ab"
    ),
    "two lists of 5,000 members": tuple(
        {
            "Resources": {
                "A": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": f"{n}{i}"} for i in range(5000)]}}
            }
        }
        for n in "ab"
    ),
    "references in a circle": tuple(
        {
            "Resources": {
                name: {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": other}, "CidrBlock": cidr}}
                for name, other in (("A", "B"), ("B", "C"), ("C", "A"))
            }
        }
        for cidr in ("10.0.0.0/24", "10.0.1.0/24")
    ),
}


@pytest.mark.parametrize("pair", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_templates_end_in_time(pair: tuple[Any, Any]) -> None:
    began = time.process_time()
    assert compared(*pair) is not None
    assert time.process_time() - began < 10


def _joined(depth: int, value: str) -> Any:
    node: Any = value
    for _ in range(depth):
        node = {"Fn::Join": ["", [node]]}
    return node


def _listed(depth: int, value: str) -> Any:
    node: Any = value
    for _ in range(depth):
        node = {"a": [node]}
    return node


@pytest.mark.parametrize("nested", [_joined, _listed])
@pytest.mark.parametrize("depth", [30, 70, 300])
def test_values_that_are_nested_deeply_are_no_crash_and_never_the_same_by_mistake(nested: Any, depth: int) -> None:
    def template(value: str) -> dict[str, Any]:
        properties = {"QueueName": nested(depth, value)}
        return {"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": properties}}}

    same, other = compared(template("x"), template("x")), compared(template("x"), template("y"))
    assert same is not None
    assert other is not None
    assert same.changes["A"].outcome is Outcome.UNCHANGED
    assert other.changes["A"].outcome is not Outcome.UNCHANGED
