"""Cursors: reading never fails, Fn::If is followed, and paths are those of the template as written."""

from __future__ import annotations

import pytest

from tests.cloudformation.reading import stack

TEMPLATE = """
Parameters: {Stage: {Type: String, Default: dev}, Count: {Type: Number}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], Unknown: !Equals [!Ref AWS::Region, x]}
Resources:
  A:
    Type: Some::Type
    DeletionPolicy: Retain
    Properties:
      Text: hello
      Enabled: true
      Disabled: 'False'
      Port: 80
      Stage: !Ref Stage
      Count: !Ref Count
      Chosen: !If [IsProd, {Size: large}, {Size: small}]
      Open: !If [Unknown, {Size: large}, {Size: small}]
      Nothing: !Ref AWS::NoValue
      OnlyInProd: !If [IsProd, a, !Ref AWS::NoValue]
      'Null':
      List: [a, !Ref AWS::NoValue, !If [IsProd, x, [b, c]], !Ref Stage]
      Computed: !Split [',', !Ref Stage]
      Object: {Key: value}
"""
NODE = stack(TEMPLATE).resources["A"]


@pytest.mark.parametrize(
    ("key", "literal", "number"),
    [
        ("Text", "hello", None),
        ("Port", "80", 80.0),
        ("Stage", "dev", None),
        ("Count", None, None),
        ("Open", None, None),
        ("Object", None, None),
        ("Nothing", None, None),
        ("Missing", None, None),
    ],
)
def test_a_value(key: str, literal: str | None, number: float | None) -> None:
    assert (NODE[key].literal, NODE[key].number) == (literal, number)


@pytest.mark.parametrize(
    ("key", "given", "unknown", "opaque"),
    [
        ("Text", True, False, True),
        ("Stage", True, False, True),
        ("Count", True, True, True),
        ("Open", True, True, True),
        ("Object", True, True, False),
        ("Nothing", False, False, False),
        ("OnlyInProd", False, False, False),
        ("Null", False, False, False),
        ("Missing", False, False, False),
    ],
)
def test_whether_there_is_a_value(key: str, given: bool, unknown: bool, opaque: bool) -> None:
    assert (NODE[key].given, NODE[key].unknown, NODE[key].opaque) == (given, unknown, opaque)


def test_booleans() -> None:
    assert NODE["Enabled"].true
    assert NODE["Disabled"].false
    assert not NODE["Missing"].true
    assert not NODE["Missing"].false


def test_fn_if_is_followed_and_is_in_the_path() -> None:
    node = NODE.at("Chosen", "Size")
    assert node.literal == "small"
    assert node.path == ["Resources", "A", "Properties", "Chosen", "Fn::If", 2, "Size"]


def test_members_of_a_list() -> None:
    assert [item.literal for item in NODE["List"].items] == ["a", "b", "c", "dev"]
    assert NODE["List"].listed
    assert [item.literal for item in NODE["Text"].items] == ["hello"]
    assert not NODE["Computed"].listed
    assert NODE["Missing"].items == []


def test_lists_in_lists_are_flattened_however_deep() -> None:
    deep: list[object] = ["x"]
    for _ in range(5_000):
        deep = [deep]
    read = stack("Resources: {}")
    read.template["Metadata"] = deep
    assert [item.literal for item in read.section("Metadata").items] == ["x"]


def test_keys_of_an_object() -> None:
    assert NODE["Object"].keys == ["Key"]
    assert NODE["Stage"].keys == []
    assert NODE["List"].keys == []


@pytest.mark.parametrize("path", [("Text", "x"), ("List", 9), ("List", "x"), ("Stage", "Ref"), ("Missing", 0, "x")])
def test_a_place_that_is_not_there_has_no_value(path: tuple[str | int, ...]) -> None:
    node = NODE.at(*path)
    assert not node.given
    assert node.path == ["Resources", "A", "Properties", *path]


def test_the_texts_below_a_node() -> None:
    texts = {str(value) for _, value in NODE["List"].texts()}
    assert texts == {"a", "b", "c", "${Stage}"}


def test_a_resource() -> None:
    assert (NODE.id, NODE.type) == ("A", "Some::Type")
    assert NODE.attribute("DeletionPolicy").literal == "Retain"
    assert NODE.here.path == ["Resources", "A"]
    assert not NODE.name.given
