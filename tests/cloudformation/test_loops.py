"""Fn::ForEach is written out as AWS::LanguageExtensions does it."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.loops import LoopError, expanded


def loop(collection: Any, body: Any, identifier: str = "Name") -> dict[str, Any]:
    return {"Resources": {"Fn::ForEach::Loop": [identifier, collection, body]}}


@pytest.mark.parametrize(
    ("collection", "names"),
    [
        (["a", "b"], ["a", "b"]),
        ([1, True], ["1", "true"]),
        ({"Ref": "Names"}, ["x", "y"]),
        ([{"Ref": "Names"}, "z"], ["x", "y", "z"]),
        ({"Fn::FindInMap": ["Lists", "All", "Names"]}, ["m", "n"]),
        # Not known: one turn of the loop stands for all.
        ({"Ref": "Unknown"}, ["*"]),
        ({"Fn::Split": [",", "a,b"]}, ["*"]),
    ],
)
def test_the_members_of_a_loop(collection: Any, names: list[str]) -> None:
    template = loop(collection, {"T${Name}": {"Name": {"Ref": "Name"}}})
    template["Mappings"] = {"Lists": {"All": {"Names": ["m", "n"]}}}
    assert expanded(template, {"Names": "x, y"})["Resources"] == {f"T{each}": {"Name": each} for each in names}


def test_texts_and_keys_have_the_member() -> None:
    body = {"T&{Name}": {"Fn::Sub": "${Name}-${Other}", "List": ["${Name}"], "Ref": "Name", "Number": 5}}
    assert expanded(loop(["10.0.0.1"], body), {})["Resources"] == {
        "T10001": {"Fn::Sub": "10.0.0.1-${Other}", "List": ["10.0.0.1"], "Ref": "Name", "Number": 5}
    }


def test_loops_in_loops_and_in_properties() -> None:
    inner = {"Fn::ForEach::Inner": ["Zone", ["1", "2"], {"${Name}${Zone}": {"Ref": "Zone"}}]}
    assert expanded(loop(["a", "b"], inner), {})["Resources"] == {"a1": "1", "a2": "2", "b1": "1", "b2": "2"}
    assert expanded({"Resources": {"T": inner}}, {})["Resources"]["T"] == {"${Name}1": "1", "${Name}2": "2"}


def test_what_has_no_loop_stays() -> None:
    template = {"Resources": {"T": {"Type": "A", "Properties": {"Name": {"Fn::Sub": "${A}"}, "Empty": None}}}}
    assert expanded(template, {}) == template


@pytest.mark.parametrize(
    "value", [5, ["Name", ["a"]], [{"Ref": "Name"}, ["a"], {}], ["Name", ["a"], ["body"]]], ids=str
)
def test_a_loop_that_is_none(value: Any) -> None:
    with pytest.raises(LoopError, match=r"the loop Fn::ForEach::Loop.*phoenix-cfn lint"):
        expanded({"Resources": {"Fn::ForEach::Loop": value}}, {})


def test_a_loop_that_writes_too_much() -> None:
    body: dict[str, Any] = {"T${a}": "x"}
    for identifier in "abcdef":
        body = {f"Fn::ForEach::{identifier}": [identifier, [str(each) for each in range(30)], body]}
    with pytest.raises(LoopError, match="more than 250,000 values"):
        expanded({"Resources": body}, {})
