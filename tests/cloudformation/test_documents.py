"""Documents: short forms are read as long ones, JSON as well as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.cloudformation.documents import TemplateError, parse, read_template, template_in


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
        ("[" * 100_000, None),
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


TOPIC = "Resources: {A: {Type: 'AWS::SNS::Topic'}}"


@pytest.mark.parametrize(
    "content",
    [
        TOPIC,
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}',
        "Resources: {'Fn::ForEach::Topics': [Name, [a, b], {'Topic${Name}': {Type: 'AWS::SNS::Topic'}}]}",
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {<<: {A: 1}, A: 2}}}",
    ],
)
def test_a_template(content: str) -> None:
    assert template_in(content, "x.yml") == parse(content)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "it has no Resources"),
        ("text", "it has no Resources"),
        ("Resources:", "it has no Resources"),
        ("Resources: {}", "it has no Resources"),
        ("Resources: [a]", "its Resources are not an object"),
        ("Resources: text", "its Resources are not an object"),
        ("Resources: {A: x}", "the resource A has no Type"),
        ("Resources: {A: {Properties: {}}}", "the resource A has no Type"),
        ("Resources: {A: {Type: [x]}}", "the resource A has no Type"),
        ("Resources:\n  A: {\n", "in line 3"),
        ('{"Resources": ', "Expecting value: line 1 column 15"),
        (f"{TOPIC}\nResources: {{}}", "the key Resources occurs twice in line 2"),
        ('{"Resources": {"A": 1, "A": 2}}', "the key A occurs twice"),
        ("Resources: &a {A: *a}", "with expanded aliases, it has more than 250,000 values"),
        ("Resources: {A: " + "[" * 100_000, "nest"),
        ('{"Resources": ' + "[" * 100_000, "it is nested too deeply"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_template_is_refused(content: str, found: str) -> None:
    with pytest.raises(TemplateError) as refused:
        template_in(content, "x.yml")
    message = str(refused.value)
    assert message.startswith("x.yml is not a CloudFormation template: ")
    assert found in message
    assert "Use a file in YAML or JSON" in message
    assert "\n" not in message


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "template.yml"
    path.write_text(TOPIC)
    assert read_template(path) == parse(TOPIC)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match="it is not UTF-8 text"):
        read_template(path)
    for unreadable in (tmp_path, tmp_path / "none.yml"):
        with pytest.raises(TemplateError, match=f"cannot read {unreadable}"):
            read_template(unreadable)
