"""The kata group: rules of the kata's policy report only if they are enabled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.house import ROOT, RULES, rules

POLICY = """\
Resources:
  Logs: {Type: AWS::Logs::LogGroup, DeletionPolicy: Delete, UpdateReplacePolicy: Delete}
  Named: {Type: AWS::SNS::Topic, Properties: {TopicName: shop}}
"""
FACT = """\
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 127.0.0.0/16}}
"""
TWO_LINES = "append_rules: [phoenix_cfn.rules]\ninclude_checks: [kata]\n"


def linted(content: str, folder: Path, *options: str, configuration: str = "") -> list[str]:
    """The ids that cfn-lint reports, in an empty folder with this .cfnlintrc."""
    (folder / "template.yml").write_text(content)
    (folder / ".cfnlintrc").write_text(configuration)
    program = Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--format", "json", "-t", "template.yml", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return sorted({one["Rule"]["Id"] for one in json.loads(done.stdout)})


@pytest.mark.parametrize("appended", ["phoenix_cfn.rules", str(RULES)])
def test_the_policy_is_off_by_default_and_facts_are_on(appended: str, tmp_path: Path) -> None:
    assert linted(POLICY, tmp_path, "-a", appended) == []
    assert linted(FACT, tmp_path, "-a", appended) == ["E9131"]


@pytest.mark.parametrize(
    ("asked", "reported"), [("kata", ["E9401", "E9901"]), ("E9401", ["E9401"]), ("E99", ["E9901"]), ("I", [])]
)
def test_the_policy_can_be_enabled(asked: str, reported: list[str], tmp_path: Path) -> None:
    assert linted(POLICY, tmp_path, "-a", "phoenix_cfn.rules", "-c", asked) == reported


def test_the_two_lines_of_the_reference_enable_both_groups(tmp_path: Path) -> None:
    assert "\n".join(f"    {line}" for line in TWO_LINES.splitlines()) in (ROOT / "docs/rules.md").read_text()
    assert linted(POLICY + FACT.split("\n", 1)[1], tmp_path, configuration=TWO_LINES) == ["E9131", "E9401", "E9901"]


def test_an_enabled_rule_can_be_ignored(tmp_path: Path) -> None:
    assert linted(POLICY, tmp_path, "-a", "phoenix_cfn.rules", "-c", "kata", "-i", "E9901") == ["E9401"]


def test_the_group() -> None:
    kata = {rule_id for rule_id, rule in rules().items() if rule.kata}
    assert {"E9401", "E9407", "E9602", "E9901", "E9404", "E9402"} <= kata
    assert not kata & {"E9101", "E9113", "E9116", "E9214", "E9231", "E9232", "E9301", "E9503", "E9801"}
    for configuration in (".cfnlintrc", "phoenix_cfn/cli/skeleton/cfnlintrc"):
        assert "  - kata\n" in (ROOT / configuration).read_text()
