"""The kata group: rules of the kata's policy report only if they are enabled."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from cfnlint.runner import main as cfn_lint

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


Linted = Callable[..., list[str]]


@pytest.fixture
def linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Linted:
    """The ids that the command cfn-lint reports, run in this process and an empty folder with the given .cfnlintrc."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.getLogger("cfnlint"), "handlers", [])

    def ids(content: str, *options: str, configuration: str = "") -> list[str]:
        Path("template.yml").write_text(content)
        Path(".cfnlintrc").write_text(configuration)
        monkeypatch.setattr("sys.argv", ["cfn-lint", "--format", "json", "-t", "template.yml", *options])
        with pytest.raises(SystemExit):
            cfn_lint()
        printed = capsys.readouterr()
        assert printed.err == ""
        return sorted({one["Rule"]["Id"] for one in json.loads(printed.out)})

    return ids


@pytest.mark.parametrize("appended", ["phoenix_cfn.rules", str(RULES)])
def test_the_policy_is_off_by_default_and_facts_are_on(appended: str, linted: Linted) -> None:
    assert linted(POLICY, "-a", appended) == []
    assert linted(FACT, "-a", appended) == ["E9131"]


@pytest.mark.parametrize(
    ("asked", "reported"), [("kata", ["E9401", "E9901"]), ("E9401", ["E9401"]), ("E99", ["E9901"]), ("I", [])]
)
def test_the_policy_can_be_enabled(asked: str, reported: list[str], linted: Linted) -> None:
    assert linted(POLICY, "-a", "phoenix_cfn.rules", "-c", asked) == reported


def test_the_two_lines_of_the_reference_enable_both_groups(linted: Linted) -> None:
    assert "\n".join(f"    {line}" for line in TWO_LINES.splitlines()) in (ROOT / "docs/rules.md").read_text()
    assert linted(POLICY + FACT.split("\n", 1)[1], configuration=TWO_LINES) == ["E9131", "E9401", "E9901"]


def test_an_enabled_rule_can_be_ignored(linted: Linted) -> None:
    assert linted(POLICY, "-a", "phoenix_cfn.rules", "-c", "kata", "-i", "E9901") == ["E9401"]


def test_the_group() -> None:
    kata = {rule_id for rule_id, rule in rules().items() if rule.kata}
    assert {"E9401", "E9407", "E9602", "E9901", "E9404", "E9402"} <= kata
    assert not kata & {"E9101", "E9113", "E9116", "E9214", "E9231", "E9232", "E9301", "E9503", "E9801"}
    for configuration in (".cfnlintrc", "phoenix_cfn/cli/skeleton/cfnlintrc"):
        assert "  - kata\n" in (ROOT / configuration).read_text()
