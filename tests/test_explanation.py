"""A finding leads to the page of its rule, wherever the package is installed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from phoenix_cfn import explanation, origin, rules
from phoenix_cfn.cli import main
from phoenix_cfn.explanation import UnknownRuleError

COMMIT = "0123456789" * 4
TEMPLATE = "Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {Volume: 11}}}"


def installed_from(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    """As pip records it."""
    recorded = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}}) if url else None

    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return recorded

    monkeypatch.setattr(origin, "distribution", lambda name: Distribution())


def test_in_the_project_every_rule_has_a_section_of_its_page(root: Path) -> None:
    page = (root / "docs/rules.md").read_text(encoding="utf-8")
    ids = sorted(each.id for each in rules.classes().values())
    assert len(ids) > 100
    for rule_id in ids:
        found = explanation.place(rule_id, root)
        assert found == f"docs/rules.md#{rule_id.lower()}"
        assert f'<a id="{found.partition("#")[2]}"></a>{rule_id}' in page


@pytest.mark.parametrize(
    "url", ["https://github.com/octocat/phoenix_cfn", "https://github.com/octocat/phoenix_cfn.git"]
)
def test_installed_from_github_it_is_the_page_of_that_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    installed_from(monkeypatch, url)
    page = f"https://github.com/octocat/phoenix_cfn/blob/{COMMIT}/docs/rules.md"
    assert explanation.place("E9401", tmp_path) == f"{page}#e9401"


@pytest.mark.parametrize("url", [None, "https://git.example.com/phoenix_cfn", "file:///src/phoenix_cfn"])
def test_elsewhere_it_is_the_command_that_prints_the_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    installed_from(monkeypatch, url)
    assert explanation.place("E9401", tmp_path) == "phoenix-cfn lint --explain E9401"


def test_a_page_of_others_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from(monkeypatch, None)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/rules.md").write_text("# Rules of the house")
    assert explanation.place("E9401", tmp_path) == "phoenix-cfn lint --explain E9401"


def test_a_rule_of_cfn_lint_has_its_own_page_and_one_of_others_none(tmp_path: Path) -> None:
    page = r"https://github\.com/aws-cloudformation/cfn-lint/blob/v\d+\.\d+\.\d+/docs/rules\.md#W2001"
    assert re.fullmatch(page, explanation.place("W2001", tmp_path))
    assert explanation.place("E9000", tmp_path) == ""


def test_a_finding_ends_with_where_its_rule_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed_from(monkeypatch, None)
    (tmp_path / "their.yml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    assert main(["lint", "--kata", "their.yml"]) == 1
    found = capsys.readouterr().out.strip().split("\n\n")
    ends = {finding[:5]: finding.splitlines()[-1] for finding in found}
    assert ends["E9401"] == "  explained: phoenix-cfn lint --explain E9401"
    assert ends["E3002"].endswith("/docs/rules.md#E3002")


def test_the_command_prints_what_the_page_says(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--explain", "E9401"]) == 0
    printed = capsys.readouterr().out
    (section,) = re.findall(
        r'<a id="e9401"></a>(.*?)(?=\n#|\Z)', (root / "docs/rules.md").read_text(encoding="utf-8"), re.DOTALL
    )
    words = re.sub(r"\*\*|\[Source\]\(.*?\)|Proves .*?\.", "", section).split()
    assert set(words) <= set(printed.split()), set(words) - set(printed.split())
    assert main(["lint", "--explain", "W2001"]) == 0
    assert "W2001 is a rule of cfn-lint: https://" in capsys.readouterr().out


@pytest.mark.parametrize("rule_id", ["E9999", "e9401", "", "E94"])
def test_an_id_of_no_rule_is_a_clear_error(rule_id: str) -> None:
    with pytest.raises(UnknownRuleError, match=f"--explain: found '{rule_id}'; expected the id of a rule"):
        explanation.text(rule_id)
