"""`phoenix-cfn diff`: what it compares, what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.cli import main
from phoenix_cfn.render import render

VPC = "Resources: {{Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: {}}}}}}}\n"
TABLE = "Resources: {Table: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: []}}}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def files(**contents: str) -> None:
    for name, content in contents.items():
        Path(f"{name}.yml").write_text(content, encoding="utf-8")


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def resources(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["diff", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["resources"]
    return found


def outcomes(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    return {name: each["outcome"] for name, each in resources(capsys, *arguments).items()}


# What is compared


def test_two_files(capsys: pytest.CaptureFixture[str]) -> None:
    files(old=VPC.format("10.0.0.0/16"), new=VPC.format("10.1.0.0/16"))
    found = resources(capsys, "old.yml", "new.yml")["Vpc"]
    assert found["outcome"] == "replaced"
    assert found["order"] == "create-first"
    assert found["data"] is None
    (reason,) = found["reasons"]
    assert (reason["property"], reason["old"], reason["new"]) == ("CidrBlock", "10.0.0.0/16", "10.1.0.0/16")
    assert reason["source"].startswith("https://docs.aws.amazon.com/")


def test_two_folders_by_file_name_what_is_in_one_only_comes_or_goes(capsys: pytest.CaptureFixture[str]) -> None:
    for folder, names in (("a", "one two"), ("b", "one three")):
        Path(folder).mkdir()
        for name in names.split():
            Path(folder, f"{name}.yml").write_text(f"Resources: {{{name.title()}: {{Type: AWS::SNS::Topic}}}}\n")
        Path(folder, "values.json").write_text('{"Parameters": {}}')
    assert outcomes(capsys, "a", "b") == {"One": "unchanged", "Three": "added", "Two": "removed"}


def test_a_logical_id_of_two_templates_carries_the_template(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in "ab":
        Path(folder).mkdir()
        for name in ("one", "two"):
            Path(folder, f"{name}.yml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    assert outcomes(capsys, "a", "b") == {"one.yml/Topic": "unchanged", "two.yml/Topic": "unchanged"}


def test_a_revision_against_a_file_against_a_revision_and_by_path(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    files(stack=VPC.format("10.0.0.0/16"))
    git("add", ".")
    git("commit", "-qm", "one")
    files(stack=VPC.format("10.1.0.0/16"))
    assert outcomes(capsys, "HEAD", "stack.yml") == {"Vpc": "replaced"}
    assert outcomes(capsys, "HEAD:stack.yml", "stack.yml") == {"Vpc": "replaced"}
    assert outcomes(capsys, "stack.yml", "HEAD") == {"Vpc": "replaced"}
    Path("templates").mkdir()
    for cidr in ("10.2.0.0/16", "10.3.0.0/16"):
        Path("templates/a.yml").write_text(VPC.format(cidr))
        git("add", ".")
        git("commit", "-qm", cidr)
    assert outcomes(capsys, "HEAD~1", "HEAD") == {"Vpc": "replaced"}
    assert outcomes(capsys, "HEAD", "templates") == {"Vpc": "unchanged"}


def test_a_path_that_exists_wins_over_a_revision(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    files(other=VPC.format("10.0.0.0/16"))
    git("add", ".")
    git("commit", "-qm", "one")
    Path("HEAD").write_text(VPC.format("10.9.0.0/16"))
    assert outcomes(capsys, "HEAD", "other.yml") == {"Vpc": "replaced"}


def test_head_against_what_the_build_writes_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    Path("templates").mkdir()
    for name, template in {
        "Pipeline": pipeline.template(Settings()),
        "Infrastructure": infrastructure.template(Settings()),
    }.items():
        Path("templates", f"{name}.yml").write_text(render(template), encoding="utf-8")
    Path("phoenix.toml").write_text("[alarms]\ncpu_peak_percent = 81\n", encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    found = outcomes(capsys)
    assert set(found.values()) == {"unchanged", "updated"}


def test_nothing_of_a_revision_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    Path(".gitattributes").write_text("*.yml diff=evil filter=evil\n")
    files(stack=VPC.format("10.0.0.0/16"))
    git("add", ".")
    git("commit", "-qm", "one")
    for key in ("diff.evil.textconv", "filter.evil.smudge", "diff.evil.command"):
        git("config", key, "touch executed; cat")
    assert outcomes(capsys, "HEAD", "stack.yml") == {"Vpc": "unchanged"}
    assert not Path("executed").exists()


# Values


PARAMETERS = "Parameters: {Range: {Type: String, AllowedValues: [10.0.0.0/16, 10.1.0.0/16]}}\n" + VPC.format(
    "!Ref Range"
)


def test_values_for_both_sides_for_one_and_from_files(capsys: pytest.CaptureFixture[str]) -> None:
    files(old=PARAMETERS, new=PARAMETERS)
    both, one = "Range=10.0.0.0/16", "Range=10.1.0.0/16"
    assert outcomes(capsys, "old.yml", "new.yml", "--set", both) == {"Vpc": "unchanged"}
    assert outcomes(capsys, "old.yml", "new.yml", "--set-old", both, "--set-new", one) == {"Vpc": "replaced"}
    assert outcomes(capsys, "old.yml", "new.yml", "--set-new", one) == {"Vpc": "may-be-replaced"}
    Path("dev.json").write_text('[{"ParameterKey": "Range", "ParameterValue": "10.0.0.0/16"}]')
    Path("qa.json").write_text('{"Parameters": {"Range": "10.1.0.0/16"}}')
    Path("flat.yml").write_text("Range: 10.0.0.0/16\n")
    assert outcomes(capsys, "old.yml", "new.yml", "--values", "dev.json") == {"Vpc": "unchanged"}
    assert outcomes(capsys, "old.yml", "new.yml", "--values-old", "flat.yml", "--values-new", "qa.json") == {
        "Vpc": "replaced"
    }


def test_a_value_of_a_parameter_that_one_side_has(capsys: pytest.CaptureFixture[str]) -> None:
    files(old=VPC.format("10.0.0.0/16"), new=PARAMETERS)
    assert outcomes(capsys, "old.yml", "new.yml", "--set", "Range=10.0.0.0/16") == {"Vpc": "unchanged"}
    assert outcomes(capsys, "old.yml", "new.yml", "--set", "Range=10.1.0.0/16") == {"Vpc": "replaced"}


# What is printed


def test_the_table_has_the_gravest_first_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    files(
        old="Resources: {Q: {Type: AWS::SQS::Queue}, Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: a}}}",
        new="Resources: {Q: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 1}},"
        " Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: b}}, T: {Type: AWS::SNS::Topic}}",
    )
    assert main(["diff", "old.yml", "new.yml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == [
        *("replaced", "updated", "added", "role", "1")
    ]
    assert "1 replaced, 1 updated, 1 added" in "\n".join(lines)
    assert "\033" not in "\n".join(lines)


def test_markdown_of_a_hostile_template_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "`<img src=x>|@everyone [a](javascript:b)\\u001b[31m"
    files(
        old='Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: "a"}}}',
        new=f'Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: "{evil}", "{evil}": 1}}}}}}',
    )
    assert main(["diff", "old.yml", "new.yml", "--markdown"]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if "QueueName" in line)
    assert "\x1b" not in out
    outside = "".join(row.split("`")[::2])
    assert "<img" not in outside
    assert "@everyone" not in outside
    assert row.count("|") - row.count("\\|") == 4
    assert main(["diff", "old.yml", "new.yml"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_hidden_values_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    template = (
        "Parameters: {{Password: {{Type: String, NoEcho: true, Default: {}}}}}\n"
        "Resources: {{D: {{Type: AWS::RDS::DBInstance, Properties: {{MasterUserPassword: !Ref Password}}}}}}\n"
    )
    files(old=template.format("secret-one"), new=template.format("secret-two"))
    for form in ([], ["--json"], ["--markdown"]):
        assert main(["diff", "old.yml", "new.yml", *form]) == 0
        out = capsys.readouterr().out
        assert "updated" in out
        assert "secret-" not in out


def test_no_color_unless_at_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    files(old=VPC.format("a"), new=VPC.format("b"))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["diff", "old.yml", "new.yml"]) == 0
    assert "\033[31mreplaced" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["diff", "old.yml", "new.yml"]) == 0
    assert "\033" not in capsys.readouterr().out


# What is around the resources


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str, str]]:
    assert main(["diff", *arguments, "--json"]) == 0
    templates = json.loads(capsys.readouterr().out)["templates"]
    return [(each["kind"], each["subject"], each["outcome"]) for one in templates for each in one["findings"]]


def test_a_new_parameter_without_a_default_is_refused_unless_it_is_passed(capsys: pytest.CaptureFixture[str]) -> None:
    files(old=TABLE, new="Parameters: {P: {Type: String}}\n" + TABLE)
    assert ("parameter", "P", "refused") in findings(capsys, "old.yml", "new.yml")
    assert findings(capsys, "old.yml", "new.yml", "--set-new", "P=x") == []


def test_an_export_that_changes_is_refused_where_it_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    exporting = VPC + "Outputs: {{Id: {{Value: !Ref Vpc, Export: {{Name: vpc}}}}, Plain: {{Value: !Ref Vpc}}}}\n"
    importing = "Resources: {S: {Type: AWS::EC2::Subnet, Properties: {CidrBlock: a, VpcId: !ImportValue vpc}}}\n"
    for folder, cidr in (("a", "10.0.0.0/16"), ("b", "10.1.0.0/16")):
        Path(folder).mkdir()
        Path(folder, "net.yml").write_text(exporting.format(cidr))
    assert findings(capsys, "a", "b") == [("export", "Id", "unknown"), ("output", "Plain", "updated")]
    for folder in "ab":
        Path(folder, "app.yml").write_text(importing)
    assert ("export", "Id", "refused") in findings(capsys, "a", "b")


def test_a_template_that_is_too_long_for_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    files(old=TABLE, new=TABLE + "#" * 51_200)
    assert findings(capsys, "old.yml", "new.yml") == [("limit", "size", "updated")]


def test_what_the_deploy_role_needs_more(capsys: pytest.CaptureFixture[str]) -> None:
    files(
        old=TABLE,
        new="Resources: {Table: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: []}},"
        " Topic: {Type: AWS::SNS::Topic}}\n",
    )
    assert main(["diff", "old.yml", "new.yml"]) == 0
    assert "sns:CreateTopic" in capsys.readouterr().out


def test_nested_stacks_with_their_files(capsys: pytest.CaptureFixture[str]) -> None:
    for folder, cidr in (("a", "10.0.0.0/16"), ("b", "10.1.0.0/16")):
        Path(folder).mkdir()
        Path(folder, "net.yml").write_text(
            "Parameters: {Range: {Type: String}}\n" + VPC.format("!Ref Range") + "Outputs: {Id: {Value: !Ref Vpc}}\n"
        )
        Path(folder, "root.yml").write_text(
            "Resources:\n"
            "  Net: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: net.yml,"
            f" Parameters: {{Range: {cidr}}}}}}}\n"
            "  Subnet: {Type: AWS::EC2::Subnet, Properties: {CidrBlock: a, VpcId: !GetAtt Net.Outputs.Id}}\n"
            "  Other: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://b/c.yml'}}\n"
        )
    found = outcomes(capsys, "a/root.yml", "b/root.yml")
    assert found == {"Net": "updated", "Net.Vpc": "replaced", "Subnet": "replaced", "Other": "unknown"}


# How it ends


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("replaced", 1), ("may-be-replaced", 0), ("data-loss", 1), ("removed", 1), ("updated", 0),
        ("updated,data-loss", 1), ("refused", 0),
    ],
)  # fmt: skip
def test_fail_on(wanted: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    files(old=TABLE + "  # with a network\n", new=VPC.format("b"))
    Path("old.yml").write_text(
        VPC.format("a").replace("{{", "{").rstrip("}\n") + "}}, Table: {Type: AWS::DynamoDB::Table}}"
    )
    assert main(["diff", "old.yml", "new.yml", "--fail-on", wanted]) == code
    assert bool(capsys.readouterr().err) is bool(code)


def test_replaced_includes_what_may_be_and_what_is_unknown() -> None:
    files(
        old="Resources: {A: {Type: Own::Kind::Thing, Properties: {A: 1}}}",
        new="Resources: {A: {Type: Own::Kind::Thing}}",
    )
    assert main(["diff", "old.yml", "new.yml", "--fail-on", "replaced"]) == 1


BAD = {
    "no such revision": (["nosuch", "new.yml"], "found no such file or folder, and no git repository"),
    "no template": (["text.yml", "new.yml"], "is not a CloudFormation template"),
    "a list": (["list.yml", "new.yml"], "is not a CloudFormation template"),
    "broken": (["broken.yml", "new.yml"], "is not a CloudFormation template"),
    "twice": (["twice.yml", "new.yml"], "occurs twice"),
    "binary": (["binary.yml", "new.yml"], "is not UTF-8 text"),
    "a macro": (["macro.yml", "new.yml"], "the transform AWS::Serverless-2016-10-31"),
    "an include": (["include.yml", "new.yml"], "Fn::Transform"),
    "a loop": (["loop.yml", "new.yml"], "Fn::ForEach"),
    "an empty folder": (["empty", "new.yml"], "found no template in this folder"),
    "a value of no parameter": (["new.yml", "new.yml", "--set", "A=b"], "found no parameter A"),
    "a value that is not allowed": (["new.yml", "new.yml", "--set", "Range=x"], "AllowedValues"),
    "values that are none": (["new.yml", "new.yml", "--values", "list.yml"], "found no parameter values"),
    "values that are not there": (["new.yml", "new.yml", "--values", "nosuch.json"], "cannot read nosuch.json"),
    "no project": (["new.yml"], "found no phoenix.toml"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=list(BAD))
def test_bad_input_ends_with_2_and_a_message(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(
        new=PARAMETERS,
        text="hello",
        list="[a, b]",
        broken="Resources: {",
        twice="Resources: {}\nResources: {}",
        macro="Transform: AWS::Serverless-2016-10-31\n" + TABLE,
        include="Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {'Fn::Transform': {Name: 'AWS::Include'}}}}",
        loop="Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::A': x}",
    )
    Path("binary.yml").write_bytes(b"\xff\xfe\x00")
    Path("empty").mkdir()
    assert main(["diff", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "arguments", [["--set", "x"], ["--fail-on", "nothing"], ["--json", "--markdown"], ["a", "b", "c"]]
)
def test_bad_options_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *arguments]) == 2
    assert "usage:" in capsys.readouterr().err


def test_a_revision_that_does_not_exist_in_a_repository(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    files(new=TABLE)
    git("add", ".")
    git("commit", "-qm", "one")
    assert main(["diff", "v9.9.9", "new.yml"]) == 2
    assert "found no such file, folder or git revision" in capsys.readouterr().err
    assert main(["diff", "HEAD", "HEAD"]) == 2
    assert "has no templates in templates/" in capsys.readouterr().err
    assert main(["diff", "HEAD:other.yml", "new.yml"]) == 2
    assert "the revision does not have this file" in capsys.readouterr().err
