"""No input makes the rules slow: each of these takes less than two CPU seconds of them, whatever cfn-lint takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.rules.house import BUILDSPEC, PIPELINE, findings, repository, rules, written

# CPU time. What grows with the square of its input takes half a minute or more; a busy machine doubles what is linear.
SECONDS = 6.0
HEAD = "version: 0.2\nphases: {build: {commands: %s}}\n"
LINES = "version: 0.2\nphases:\n  build:\n    commands:\n"
# Each list has the one before ten times: 10^12 values.
BOMB = "a: &a [x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)

BUILDSPECS = {
    "an alias bomb": f"{BOMB}{HEAD % '*m'}",
    "an alias bomb beside the phases": f"{BOMB}{HEAD % '[x]'}",
    "deep lists": HEAD % ("[" * 20_000 + "]" * 20_000),
    "deep objects": HEAD % ("{a: " * 5_000 + "x" + "}" * 5_000),
    "many commands": LINES + "".join(f"      - echo $VAR{number} > image{number}.json\n" for number in range(30_000)),
    "one long command": f"{LINES}      - {'$A' * 400_000}\n",
    "braces that never close": f"{LINES}      - {'${A' * 50_000}\n",
    "a Dockerfile in a command": f"{LINES}      - {'docker build --platform ' * 40_000}\n",
    "words that set variables": f"{LINES}      - {'export read -a for ' * 40_000}\n",
    "names of containers": f"{LINES}      - 'imagedefinitions {chr(34)}name{chr(34)} : {chr(34) * 100_000}'\n",
}


def project(buildspec: str) -> dict[str, Any]:
    source = {"Type": "CODEPIPELINE", "BuildSpec": buildspec}
    return {"Resources": {"Build": {"Type": "AWS::CodeBuild::Project", "Properties": {"Source": source}}}}


def secret(value: str) -> dict[str, Any]:
    return {"Resources": {"Uri": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": value}}}}


TEMPLATES: dict[str, dict[str, Any]] = {
    **{name: project(buildspec) for name, buildspec in BUILDSPECS.items()},
    "connection strings": secret("mongodb://" * 50_000),
    "dynamic references that never close": secret("mongodb://{{resolve:" * 20_000),
    "a description": {
        "Parameters": {"Password": {"Type": "String", "Description": "name of " * 50_000}},
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
    },
    "names that name each other": {
        "Resources": {
            f"Group{number}": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "LogGroupName": {"Fn::Sub": f"${{Group{(number + 1) % 20}}}${{Group{(number + 2) % 20}}}"}
                },
            }
            for number in range(20)
        }
    },
}


def seconds(template: Any, filename: str | None = None) -> float:
    rules()  # loaded once
    began = time.process_time()
    list(findings(template, filename))
    return time.process_time() - began


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template(name: str) -> None:
    assert seconds(TEMPLATES[name]) < SECONDS


@pytest.mark.parametrize("name", BUILDSPECS)
def test_a_buildspec_in_the_repository(name: str, tmp_path: Path) -> None:
    written({**repository(), BUILDSPEC: BUILDSPECS[name]}, tmp_path)
    assert seconds(repository()[PIPELINE], str(tmp_path / PIPELINE)) < SECONDS
