"""Rendering: what is read back is what was written, byte for byte the same each time, and easy to read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.decode import decode_str
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Output, Parameter
from troposphere.sns import Topic

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.render import render
from phoenix_cfn.template import StageTemplate

# What YAML reads as something else where it stands without quotes.
ODD_TEXT = [
    "no",
    "Yes",
    "null",
    "~",
    "1",
    "1.5",
    "0x1F",
    "2012-10-17",
    "12:30:45",
    "1_000",
    ".inf",
    "-1",
    "+1",
    ".",
    "=",
    "<<",
    "key:",
    "*",
    "&a",
    "%",
    "@",
    "'",
    '"',
    "é",
    "-",
    "!",
    "!Ref",
    "?",
    "|",
    ">",
    "[]",
    "{}",
    ",",
    "#",
    "`",
    "\\",
]
ODD_LINES = [
    "",
    "a: b",
    "a #b",
    "- a",
    "!Ref x",
    "a\nb\n",
    " a",
    "a ",
    "a\n\nb",
    "\n",
    "a\n\n",
    "\u2028",
    "\x85",
    "\ta",
]
TEXT = st.text(max_size=40) | st.sampled_from(ODD_TEXT + ODD_LINES)
SCALARS = TEXT | st.booleans() | st.integers(-(10**9), 10**9)
FUNCTIONS = st.one_of(
    st.builds(lambda name: {"Ref": name}, st.from_regex("[A-Za-z]{1,9}", fullmatch=True)),
    st.builds(lambda name, att: {"Fn::GetAtt": [name, att]}, *[st.from_regex("[A-Za-z]{1,9}", fullmatch=True)] * 2),
    st.builds(lambda text: {"Fn::Sub": text}, TEXT),
    st.builds(lambda text: {"Fn::Join": [",", [text, {"Ref": "A"}]]}, TEXT),
    st.just({"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    st.just({"Fn::Base64": {"Fn::Sub": "a"}}),
)
DATA = st.recursive(
    SCALARS | FUNCTIONS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(bool), inner, max_size=4),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    """cfn-lint's nodes as the plain data that they hold."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def read(text: str) -> Any:
    decoded, errors = decode_str(text)
    assert not errors, (errors, text)
    return plain(decoded)


@given(DATA)
def test_what_is_read_back_is_what_was_written(data: Any) -> None:
    template = StageTemplate("x", "x")
    template.set_metadata({"data": data})
    assert read(render(template))["Metadata"]["data"] == data


@pytest.mark.parametrize("module", [infrastructure, pipeline])
def test_the_templates_read_back_as_they_were_built(module: Any) -> None:
    template = module.template(Settings())
    assert read(render(template)) == template.to_dict()


@pytest.mark.parametrize(
    "name", ["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"]
)
def test_the_functions_of_rules_have_their_long_form(name: str) -> None:
    """AWS documents no short form for them, and tools that read a template lose one."""
    template = StageTemplate("x", "x")
    rule = {"Assertions": [{"Assert": {"Fn::Not": [{name: [["a", "b"], "c"]}]}}, {"Assert": {name: [["a"], "c"]}}]}
    template.add_rule("Rule", rule)
    text = render(template)
    assert text.count(name) == 2
    assert f"!{name.removeprefix('Fn::')}" not in text
    assert read(text)["Rules"]["Rule"] == rule


@pytest.mark.parametrize("module", [infrastructure, pipeline])
def test_every_tag_is_a_short_form_that_aws_documents(module: Any) -> None:
    documented = {"And", "Condition", "Equals", "GetAtt", "GetAZs", "If", "Not", "Or", "Ref", "Select", "Sub"}
    assert set(re.findall(r"(?<=[ \[])!([A-Z]\w+)", render(module.template(Settings())))) <= documented


def test_bytes_do_not_depend_on_the_run(root: Path) -> None:
    script = (
        "from phoenix_cfn import Settings, infrastructure, pipeline; from phoenix_cfn.render import render;"
        "print([render(module.template(Settings())) for module in (infrastructure, pipeline)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "LC_ALL": "C"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(runs) == 1


def test_sections_come_in_the_order_of_the_story() -> None:
    sections = [
        line.split(":")[0]
        for line in render(pipeline.template(Settings())).splitlines()
        if line and not line.startswith((" ", "#", "-"))
    ]
    assert sections == [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Conditions",
        "Resources",
        "Outputs",
    ]


def test_a_small_template_reads_like_this() -> None:
    template = StageTemplate("An example", "demo")
    template.add_parameter(Parameter("StagePrefix", Type="String", Default="no"))
    topic = template.add_resource(Topic("Alarms", DisplayName="two words"))
    template.add_output(Output("TopicArn", Value=topic.Ref()))
    assert render(template) == (
        "# Written by build.py: change the generator, not this file.\n"
        "AWSTemplateFormatVersion: '2010-09-09'\n"
        "Description: An example\n"
        "\n"
        "Parameters:\n"
        "  StagePrefix:\n"
        "    Type: String\n"
        "    Default: 'no'\n"
        "\n"
        "Resources:\n"
        "\n"
        "  # tests.test_render\n"
        "\n"
        "  Alarms:\n"
        "    Type: AWS::SNS::Topic\n"
        "    Properties:\n"
        "      DisplayName: two words\n"
        "      Tags: [{Key: Project, Value: demo}, {Key: Stage, Value: !Ref StagePrefix}]\n"
        "\n"
        "Outputs:\n"
        "  TopicArn:\n"
        "    Value: !Ref Alarms\n"
    )


@given(st.lists(st.text(), min_size=9, max_size=40))
def test_a_long_list_of_words_reads_back(words: list[str]) -> None:
    template = StageTemplate("words", "phoenix")
    template.set_metadata({"words": words, "more": [[1], words]})
    assert read(render(template))["Metadata"] == {"words": words, "more": [[1], words]}


def test_a_long_list_of_words_fills_its_lines() -> None:
    template = StageTemplate("words", "phoenix")
    template.set_metadata({"words": [f"word:{number}" for number in range(50)]})
    lines = [line for line in render(template).splitlines() if "word:" in line]
    assert 4 < len(lines) < 10
    assert all(len(line) <= 120 for line in lines)
