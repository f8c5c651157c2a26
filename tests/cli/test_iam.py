"""`phoenix-cfn iam`, for this project's template and for any other."""

from __future__ import annotations

import io
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn.cli import iam
from phoenix_cfn.cli.outcome import reported
from phoenix_cfn.cloudformation.limits import MANAGED_POLICY_LIMIT
from tests.iam.account import PSEUDO

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


def test_omitted_actions_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.yml"
    path.write_text("Resources: {Logs: {Type: 'AWS::Logs::LogGroup'}}")
    assert main([str(path), "--json"]) == 0
    printed = capsys.readouterr()
    assert "omitted, since these actions do not exist in IAM: s3:REST.PUT.OBJECT" in printed.err
    assert "REST" not in printed.out


def test_the_figures(root: Path, default_templates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Below 1.2 % of all actions; and within what a role with one managed policy can hold."""
    settings = ("StagePrefix=${StagePrefix}", "AWS::StackName=${StagePrefix}-phoenix-infrastructure")
    assert main([str(default_templates / "Infrastructure.yml"), *(f"--set={each}" for each in settings)]) == 0
    lines = capsys.readouterr().out.splitlines()[-4:]
    assert "\n".join(lines) in (root / "docs/deploy-role.md").read_text(), "the page has other figures"
    figures = dict(line.split(maxsplit=1) for line in lines)
    count, _, every, *_, share = figures["actions"].split()
    assert int(count) / int(every) < 0.012
    assert share == f"({int(count) / int(every):.2%})"
    assert int(figures["size"].split()[0]) < 10_240 + 6_144


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "Resources: {Thing: {Type: 'Custom::Thing'}}",
            "the permissions that CloudFormation needs are unknown for Custom::Thing",
        ),
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


def policy(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """By action the resources of a policy."""
    assert main([*arguments, "--json"]) == 0
    found: dict[str, list[str]] = {}
    for statement in json.loads(capsys.readouterr().out)["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, []).extend(statement["Resource"])
    return found


SHOP = ["--set=AWS::StackName=shop", *(f"--set={name}={value}" for name, value in PSEUDO.items())]
PARENT = """
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://b.s3.amazonaws.com/network.yml
      Parameters: {Name: orders, Given: !GetAtt Role.Arn}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [{Principal: {Service: lambda.amazonaws.com}}]}}
  Caller:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Network.Outputs.RoleArn, Code: {ZipFile: pass}}
"""
CHILD = """
Parameters: {Name: {Type: String}, Given: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
  Queue: {Type: AWS::SQS::Queue}
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Called: {Type: AWS::Lambda::Function, Properties: {Role: !Ref Given, Code: {ZipFile: pass}}}
  Theirs:
    Type: AWS::IAM::Role
    Properties: {RoleName: theirs, AssumeRolePolicyDocument: {Statement: [{Principal: {Service: ec2.amazonaws.com}}]}}
Outputs: {RoleArn: {Value: !GetAtt Theirs.Arn}}
"""


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    (tmp_path / "parent.yml").write_text(PARENT)
    (tmp_path / "network.yml").write_text(CHILD)
    return tmp_path


@pytest.mark.parametrize("child", ["Network={}/network.yml", "{}/network.yml"])
def test_a_nested_stack_is_part_of_the_policy(child: str, nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(nested / "parent.yml"), "--child", child.format(nested), *SHOP]
    found = policy(arguments, capsys)
    place, roles = "eu-west-1:111122223333", "arn:aws:iam::111122223333:role"
    assert found["sns:CreateTopic"] == [f"arn:aws:sns:{place}:orders"]
    assert found["sqs:CreateQueue"] == [f"arn:aws:sqs:{place}:shop-Network-*-*"]
    assert found["cloudformation:CreateStack"] == [f"arn:aws:cloudformation:{place}:stack/shop-*/*"]
    assert found["s3:GetObject"] == ["arn:aws:s3:::b/network.yml"]
    assert set(found["iam:PassRole"]) == {f"{roles}/shop-*", f"{roles}/theirs"}
    assert main([*arguments, "--json"]) == 0
    statements = json.loads(capsys.readouterr().out)["Statement"]
    (deleting,) = (each for each in statements if "ec2:DeleteVpc" in each["Action"])
    assert deleting["Condition"] == {
        "StringLike": {"aws:ResourceTag/aws:cloudformation:stack-name": ["shop", "shop-Network-*"]}
    }


def test_a_file_is_not_taken_for_two_stacks(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = nested / "parent.yml"
    other = (
        "  Other: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://b.s3.amazonaws.com/other.yml}}"
    )
    path.write_text(f"{PARENT}{other}")
    assert main([str(path), "--child", str(nested / "network.yml")]) == 2
    printed = capsys.readouterr()
    assert "--child Other=FILE" in printed.err
    assert "Network" not in printed.err


def test_a_stack_in_a_nested_stack(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Ref Url}}}\n"
    (nested / "middle.yml").write_text("Parameters: {Url: {Type: String}}\n" + inner)
    arguments = [str(nested / "parent.yml"), "--child", f"Network={nested}/middle.yml", *SHOP]
    assert main(arguments) == 2
    assert "--child Network.Inner=FILE" in capsys.readouterr().err
    found = policy([*arguments, "--child", f"Network.Inner={nested}/network.yml"], capsys)
    assert found["sqs:CreateQueue"] == ["arn:aws:sqs:eu-west-1:111122223333:shop-Network-*-Inner-*-*"]


def test_a_template_beside_its_parent_needs_no_option(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = nested / "parent.yml"
    path.write_text(PARENT.replace("https://b.s3.amazonaws.com/network.yml", "./network.yml"))
    assert policy([str(path), *SHOP], capsys)["sns:CreateTopic"] == ["arn:aws:sns:eu-west-1:111122223333:orders"]


def test_a_stack_that_is_nested_in_itself(nested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = nested / "parent.yml"
    path.write_text(PARENT.replace("https://b.s3.amazonaws.com/network.yml", "parent.yml"))
    assert main([str(path)]) == 2
    assert "nested in more than 10 levels" in capsys.readouterr().err


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: mine}}}
"""


@pytest.mark.parametrize(
    "arguments", [["raw.yml", "--transformed"], ["--transformed", "raw.yml"], ["raw.yml", "--transformed", "done.yml"]]
)
def test_a_template_that_is_processed(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw.yml").write_text(SAM)
    (tmp_path / "done.yml").write_text(SAM.replace("mine", "done"))
    name = "done" if "done.yml" in arguments else "mine"
    found = policy([*arguments, *SHOP], capsys)
    assert found["sqs:CreateQueue"] == [f"arn:aws:sqs:eu-west-1:111122223333:{name}"]


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(YAML.encode())))
    assert policy(["-", "--set=Name=mine", *SHOP], capsys)["sqs:CreateQueue"] == [
        "arn:aws:sqs:eu-west-1:111122223333:mine"
    ]


def test_standard_input_that_is_no_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert main(["-"]) == 2
    assert "standard input is not UTF-8 text" in capsys.readouterr().err


def test_the_pipelines_own_template(default_templates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = policy([str(default_templates / "Pipeline.yml"), *SHOP], capsys)
    assert found["lambda:InvokeFunction"]
    assert "codepipeline:CreatePipeline" in found


def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.json"
    topics = {
        f"Topic{letter}{number}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{letter * 60}-{number}-x"}}
        for number in range(20)
        for letter in "abcdefgh"
    }
    path.write_text(json.dumps({"Resources": topics}))
    return path


def test_what_fits_no_policy_is_reported_with_the_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(large(tmp_path)), "--json", *SHOP]) == 0
    printed = capsys.readouterr()
    assert re.search(
        r"the policy has up to \d+ characters: more than the 6144 .* and more than the 10240 .*--split", printed.err
    )
    assert json.loads(printed.out)["Statement"]


def test_policies_that_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(large(tmp_path)), *SHOP]
    whole = policy(arguments, capsys)
    assert main([*arguments, "--split"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert len(documents) > 1
    assert all(len(json.dumps(each, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT for each in documents)
    pairs = [
        (action, arn)
        for document in documents
        for statement in document["Statement"]
        for action in statement["Action"]
        for arn in statement["Resource"]
    ]
    assert set(pairs) == {(action, arn) for action, arns in whole.items() for arn in arns}
    sids = [statement["Sid"] for document in documents for statement in document["Statement"]]
    assert len(set(sids)) == len(sids)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{}", "--set", "Nmae=x"], "found no parameter Nmae; expected one of the template's (Name)"),
        (["{}", "--child", "{}"], "found no nested stack for"),
        (["{}", "--child", "Net=none.yml"], "cannot read none.yml"),
    ],
)
def test_arguments_that_do_not_go_with_the_template(
    arguments: list[str], message: str, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([each.format(template) for each in arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, message in printed.err) == ("", True)


# A quarter of a second on the machine that it was measured on; the rest is for slower ones.
MOST_SECONDS = 2


def test_a_template_of_five_hundred_resources_is_quick(tmp_path: Path) -> None:
    kinds = {
        "Topic": ("AWS::SNS::Topic", {"TopicName": {"Fn::Sub": "${AWS::StackName}-topic"}}),
        "Queue": ("AWS::SQS::Queue", {"KmsMasterKeyId": {"Ref": "Key"}}),
        "Function": ("AWS::Lambda::Function", {"Role": {"Ref": "Given"}, "Code": {"S3Bucket": {"Ref": "Key"}}}),
        "Host": ("AWS::EC2::Instance", {"SubnetId": {"Ref": "Key"}, "Tags": [{"Key": "a", "Value": "b"}]}),
        "Wall": ("AWS::EC2::SecurityGroup", {"VpcId": {"Ref": "Key"}, "GroupDescription": "in"}),
    }
    resources = {
        f"{name}{number}": {"Type": kind, "Properties": properties}
        for number in range(100)
        for name, (kind, properties) in kinds.items()
    }
    path = tmp_path / "template.json"
    parameters = {"Key": {"Type": "String"}, "Given": {"Type": "String"}}
    path.write_text(json.dumps({"Parameters": parameters, "Resources": resources}))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "phoenix_cfn.iam", str(path), "--json", *SHOP]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MOST_SECONDS


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.yml")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_an_assignment_needs_a_value(template: Path) -> None:
    assert main([str(template), "--set", "Name"]) == 2
