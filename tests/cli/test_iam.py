"""`phoenix-cfn iam`, for this project's template and for any other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn.cli import iam
from phoenix_cfn.cli.outcome import reported

YAML = """
Parameters:
  Name: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Name}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: !Sub '${Name}-x'}
"""


def main(arguments: list[str]) -> int:
    return reported("phoenix-cfn iam", lambda: iam.main(arguments, Path.cwd(), "phoenix-cfn iam"))


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yml"
    path.write_text(YAML)
    return path


def test_a_policy_for_anybodys_template(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ("Name=mine", "AWS::Partition=aws", "AWS::Region=eu-west-1", "AWS::AccountId=111122223333")
    assert main([str(template), "--json", *(f"--set={each}" for each in settings)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["Version"] == "2012-10-17"
    resources = {action: each["Resource"] for each in document["Statement"] for action in each["Action"]}
    assert resources["sqs:CreateQueue"] == ["arn:aws:sqs:eu-west-1:111122223333:mine"]
    assert resources["secretsmanager:CreateSecret"] == [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mine-x-??????"
    ]


def test_the_module_is_the_command(template: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "phoenix_cfn.iam", str(template)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "sqs:CreateQueue" in result.stdout


def test_json_templates_and_what_is_not_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.json"
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": {"Fn::Sub": "${Name}-x"}}}
    path.write_text(json.dumps({"Parameters": {"Name": {"Type": "String"}}, "Resources": {"Secret": secret}}))
    assert main([str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (statement,) = (each for each in document["Statement"] if "secretsmanager:CreateSecret" in each["Action"])
    place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
    assert statement["Resource"] == [{"Fn::Sub": f"{place}:secret:*-x-??????"}]


def test_names_that_are_left_out_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.yml"
    path.write_text("Resources: {Logs: {Type: 'AWS::Logs::LogGroup'}}")
    assert main([str(path), "--json"]) == 0
    printed = capsys.readouterr()
    assert "IAM does not know s3:REST.PUT.OBJECT: left out" in printed.err
    assert "REST" not in printed.out


def test_the_figures(root: Path, default_templates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Below 1.2 % of all actions; and within what a role with one managed policy can hold."""
    settings = ("StagePrefix=${StagePrefix}", "AWS::StackName=${StagePrefix}-phoenix-infrastructure")
    assert main([str(default_templates / "Infrastructure.yml"), *(f"--set={each}" for each in settings)]) == 0
    lines = capsys.readouterr().out.splitlines()[-4:]
    assert "\n".join(lines) in (root / "docs/deploy-role.md").read_text(), "the document tells other figures"
    count, share = re.findall(r"(\d+) of \d+ that IAM knows \((.*)%\)", lines[0])[0]
    assert f"{count} actions ({share} % of all)" in (root / "README.md").read_text(), "the README tells other figures"
    figures = dict(line.split(maxsplit=1) for line in lines)
    count, _, every, *_, share = figures["actions"].split()
    assert int(count) / int(every) < 0.012
    assert share == f"({int(count) / int(every):.2%})"
    assert int(figures["size"].split()[0]) < 10_240 + 6_144


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Resources: {Thing: {Type: 'Custom::Thing'}}", "cannot tell what CloudFormation needs for Custom::Thing"),
        ("Resources: [", "is not a CloudFormation template"),
        ("Parameters: {}", "it has no Resources"),
    ],
)
def test_what_cannot_be_used_is_refused(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "template.yml"
    path.write_text(content)
    assert main([str(path), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.yml")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_an_assignment_needs_a_value(template: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(template), "--set", "Name"])
