"""Documents: short forms are read as long ones, JSON as well as YAML."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.documents import parse


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAtt A.B", {"Fn::GetAtt": "A.B"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!Transform {Name: X}", {"Fn::Transform": {"Name": "X"}}),
        ('{"Ref": "A"}', {"Ref": "A"}),
        ("a: {b: [1, x, true]}", {"a": {"b": [1, "x", True]}}),
        ("Version: 2012-10-17", {"Version": "2012-10-17"}),
        ("", None),
        ("{", None),
        ("a: [", None),
        ("[" * 5_000, None),
        ("\x00", None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_text_as_data(content: str, expected: Any) -> None:
    assert parse(content) == expected


def test_aliases_are_expanded() -> None:
    assert parse("a: &a [1]\nb: *a") == {"a": [1], "b": [1]}


def test_a_document_that_aliases_make_endless_is_none() -> None:
    levels = [f"l{number}: &l{number} [{', '.join([f'*l{number - 1}'] * 10)}]" for number in range(1, 9)]
    assert parse("\n".join(["l0: &l0 [x]", *levels])) is None
    assert parse("a: &a {b: *a}") is None
