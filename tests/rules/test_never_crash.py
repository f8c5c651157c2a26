"""Rules never crash, whatever a template looks like: cfn-lint would report a crash as E0002."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phoenix_cfn.cloudformation.documents import parse
from tests.rules.house import BUILDSPEC, INFRASTRUCTURE, PIPELINE, ROOT, RULES, findings, repository, written

HERE = Path(__file__).parent
WHOLE: list[Any] = [
    repository()[INFRASTRUCTURE],
    repository()[PIPELINE],
    *(parse(path.read_text()) for path in (*sorted((HERE / "good").iterdir()), HERE / "bad" / "quickstart.yml")),
]
TYPES = sorted({raw["Type"] for whole in WHOLE for raw in whole["Resources"].values()})
NAMES = sorted({name for whole in WHOLE for section in ("Resources", "Parameters") for name in whole[section]})


def _keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for value in node.values() for key in _keys(value)}
    return {key for item in node for key in _keys(item)} if isinstance(node, list) else set()


KEYS = sorted({key for whole in WHOLE for key in _keys(whole["Resources"])})
STRINGS = [
    *("", "*", "0.0.0.0/0", "-1", "80", "true", "service/", "service/a/b", "Source::x", "::", "#{a.b}", "refs/heads/"),
    *(
        "mongodb://",
        "mongodb://a:b@c:d/e?f=g&h",
        "mongodb://@",
        "{{resolve:secretsmanager:x}}",
        "{{resolve:",
        "arn:aws:iam::aws:policy/",
    ),
    *(
        "{",
        "[]",
        '{"a": ${b}}',
        "version: 0.2\nphases: []",
        "phases: {build: {commands: [1, null]}}\nartifacts: []",
        "buildspec.yml",
    ),
    *(
        "AdministratorAccess",
        "GreaterThanThreshold",
        "AWS/ECS",
        "AWS/ApplicationELB",
        "CPUUtilization",
        "Enabled",
        "\ue0000\ue001",
    ),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 99999),
    st.floats(allow_nan=True),
    st.sampled_from(STRINGS),
    st.text(max_size=6),
)
REFERENCES = st.sampled_from([*NAMES, "AWS::Region", "AWS::NoValue", "Nobody"])
FUNCTIONS = st.sampled_from(
    [
        "Ref",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::If",
        "Fn::Select",
        "Fn::FindInMap",
        "Fn::Split",
        "Fn::Base64",
        "Fn::GetAZs",
        "Fn::ImportValue",
        "Fn::Length",
        "Fn::Equals",
        "Condition",
    ]
)


def _functions(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda name: {"Ref": name}, REFERENCES),
        st.builds(
            lambda name, attribute: {"Fn::GetAtt": [name, attribute]},
            REFERENCES,
            st.sampled_from(["Arn", "Name", "Endpoint"]),
        ),
        st.builds(lambda name, rest: {"Fn::Sub": "${" + name + "}" + rest}, REFERENCES, st.sampled_from(STRINGS)),
        st.builds(
            lambda name, yes, no: {"Fn::If": [name, yes, no]},
            st.sampled_from(["HasNotificationEmail", "Nothing", "IsProduction"]),
            children,
            children,
        ),
        st.builds(lambda function, arguments: {function: arguments}, FUNCTIONS, children),
    )


VALUES = st.recursive(
    SCALARS,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), children, max_size=4),
        _functions(children),
    ),
    max_leaves=12,
)
RESOURCES = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        VALUES,
        st.fixed_dictionaries(
            {"Type": st.sampled_from(TYPES), "Properties": st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)},
            optional={
                "DependsOn": VALUES,
                "Condition": VALUES,
                "DeletionPolicy": VALUES,
                "UpdateReplacePolicy": VALUES,
            },
        ),
    ),
    max_size=8,
)
TEMPLATES = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"Resources": st.one_of(RESOURCES, VALUES)},
        optional={
            "Parameters": VALUES,
            "Conditions": VALUES,
            "Mappings": VALUES,
            "Outputs": VALUES,
            "Metadata": VALUES,
        },
    ),
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [path] + [place for key, value in node.items() for place in _places(value, (*path, key))]
    if isinstance(node, list):
        return [path] + [place for index, value in enumerate(node) for place in _places(value, (*path, index))]
    return [path]


PLACES = [[place for place in _places(whole) if place] for whole in WHOLE]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(template=TEMPLATES)
def test_odd_templates(template: Any) -> None:
    for _, path, message in findings(template, "template.yml"):
        assert isinstance(message, str)
        assert path


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), which=st.integers(0, len(WHOLE) - 1))
def test_whole_templates_with_odd_places(data: st.DataObject, which: int) -> None:
    template = copy.deepcopy(WHOLE[which])
    for place in data.draw(st.lists(st.sampled_from(PLACES[which]), min_size=1, max_size=4)):
        parent = template
        for key in place[:-1]:
            if not isinstance(parent, (dict, list)) or (isinstance(parent, list) and not isinstance(key, int)):
                break
            try:
                parent = parent[key]
            except (KeyError, IndexError):
                break
        else:
            if isinstance(parent, dict) or (
                isinstance(parent, list) and isinstance(place[-1], int) and place[-1] < len(parent)
            ):
                parent[place[-1]] = data.draw(VALUES)
    list(findings(template, str(ROOT / PIPELINE)))


@pytest.mark.parametrize(
    "buildspec",
    [
        "",
        "- a",
        "phases: x",
        "phases: {build: x}",
        "phases: {build: {commands: x}}",
        "phases: {build: {commands: [{a: b}, null, 1]}}",
        "phases: {build: {commands: ['> image.json']}}\nartifacts: {files: x}",
        "phases: {build: {commands: []}}\nartifacts: {secondary-artifacts: [a]}\nenv: [a]",
        "phases: {build: {commands: []}}\nenv: {variables: [a], exported-variables: x}",
        "phases: &a {b: *a}",
        "!Sub {",
        "\x00",
    ],
)
def test_odd_buildspecs(buildspec: str, tmp_path: Path) -> None:
    written({**repository(), BUILDSPEC: buildspec}, tmp_path)
    list(findings(WHOLE[1], str(tmp_path / PIPELINE)))
    (tmp_path / INFRASTRUCTURE).write_text(buildspec)
    list(findings(WHOLE[1], str(tmp_path / PIPELINE)))


CONTENTS = [
    "",
    "{}",
    "Resources:",
    "Resources: []",
    "Resources: {A: }",
    "Resources: {A: {Type: [x]}}",
    "Conditions: {A: !Condition A}\nResources: {A: {Type: 'AWS::S3::Bucket', Condition: A}}",
]


def test_cfn_lint_reports_no_crash(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.yml" for number in range(len(CONTENTS))]
    for file, content in zip(files, CONTENTS, strict=True):
        file.write_text(content)
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", "/dev/null", "--format", "json"]
    result = subprocess.run([*command, "-a", str(RULES), "-t", *files], capture_output=True, text=True, check=False)
    found = [(one["Filename"], one["Rule"]["Id"], one["Message"]) for one in json.loads(result.stdout)]
    # cfn-lint has read them: it accepts the last one only.
    assert {name for name, _, _ in found} == {str(file) for file in files[:-1]}
    assert not [each for each in found if "E9" in each[2] or "W9" in each[2]]
