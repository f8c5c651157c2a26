"""Rendering: what is read back is what was written, byte for byte the same each time, and easy to read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode.decode import decode_str
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Output, Parameter
from troposphere.sns import Topic

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.cloudformation.documents import LOADER
from phoenix_cfn.errors import RenderError
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
# Where YAML or this writer treats a line differently: a line of this project, and the longest implicit key of YAML.
LIMITS = (120, 1024)
WIDTHS = st.integers(0, 300) | st.sampled_from([limit + near for limit in LIMITS for near in range(-12, 4)])
LONG_TEXT = st.builds(lambda text, width: (text * width)[:width], st.text(min_size=1, max_size=3), WIDTHS)
TEXT = st.text(max_size=40) | st.sampled_from(ODD_TEXT + ODD_LINES) | LONG_TEXT
SCALARS = TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.from_regex("[A-Za-z]{1,9}", fullmatch=True)
FUNCTIONS = st.one_of(
    st.builds(lambda name: {"Ref": name}, NAMES | TEXT),
    st.builds(lambda name, att: {"Fn::GetAtt": [name, att]}, NAMES | TEXT, NAMES | TEXT),
    st.builds(lambda text: {"Fn::Sub": text}, TEXT),
    st.builds(lambda text: {"Fn::Join": [",", [text, {"Ref": "A"}]]}, TEXT),
    st.just({"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    st.just({"Fn::Base64": {"Fn::Sub": "a"}}),
)
FUNCTION_NAMES = st.sampled_from(
    ["Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::ForEach::Each", "Fn::Contains", "Fn::", "Fn::a b"]
)
DATA = st.recursive(
    SCALARS | FUNCTIONS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT, inner, max_size=4)
        | st.builds(lambda name, argument: {name: argument}, FUNCTION_NAMES, inner)
    ),
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
    """As cfn-lint reads it."""
    decoded, errors = decode_str(text)
    assert not errors, (errors, text)
    return plain(decoded)


class _Slow(yaml.SafeLoader):
    """PyYAML's reader in Python."""


class _Fast(LOADER):  # type: ignore[misc, valid-type]
    """libyaml's reader, which has limits of its own."""


def _long_form(loader: Any, tag: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt":
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


for _loader in (_Slow, _Fast):
    _loader.add_multi_constructor("!", _long_form)

READERS: list[Callable[[str], Any]] = [read, partial(yaml.load, Loader=_Slow), partial(yaml.load, Loader=_Fast)]


def assert_read_back(data: Any) -> None:
    template = StageTemplate("x", "x")
    template.set_metadata({"data": data})
    written = render(template)
    for reader in READERS:
        assert reader(written) == template.to_dict()


@given(DATA)
def test_what_is_read_back_is_what_was_written(data: Any) -> None:
    assert_read_back(data)


@pytest.mark.parametrize("value", [{}, [], "", "text", "a: b", 1, {"Ref": "A"}, [{}], {"a": []}, ["word"] * 9], ids=str)
def test_a_key_of_any_length_keeps_its_value(value: Any) -> None:
    keys = ["k" * width for limit in LIMITS for width in range(limit - 20, limit + 10)]
    assert_read_back(dict.fromkeys(keys, value))
    assert_read_back([{key: value} for key in keys])
    assert_read_back({key: {"Fn::Sub": ["x", {key: value}]} for key in keys})


@pytest.mark.parametrize("value", [{}, [], "text", {"Ref": "A"}, ["word"] * 9], ids=str)
def test_a_value_keeps_at_any_depth(value: Any) -> None:
    for depth in range(1, 80):
        nested = value
        for level in range(depth):
            nested = {"key": nested} if level % 2 else [nested, nested] if level < 3 else [nested]
        assert_read_back(nested)


def test_null_is_refused() -> None:
    """CloudFormation refuses null, and a reader would not always see it: `!Sub null` is text."""
    template = StageTemplate("x", "x")
    template.set_metadata({"data": {"Fn::Sub": [None]}})
    with pytest.raises(RenderError, match=r"found null at Metadata/data/Fn::Sub/0"):
        render(template)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    template = StageTemplate("x", "x")
    template.set_metadata({"data": number})
    with pytest.raises(RenderError, match=r"found .* at Metadata/data"):
        render(template)


@pytest.mark.parametrize("name", ["Contains", "EachMemberIn", "RefAll", "ForEach::Each", "Length", "GetStackOutput"])
def test_functions_without_a_documented_short_form_keep_their_long_one(name: str) -> None:
    """AWS documents `Fn::Contains` only; CDK's CfnInclude drops `!Contains` without a word."""
    template = StageTemplate("x", "x")
    template.set_metadata({"data": {f"Fn::{name}": [["a"], "b"]}, "flow": [{f"Fn::{name}": ["a"]}]})
    assert f"!{name}" not in render(template)


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
        "  # your own code\n"
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
