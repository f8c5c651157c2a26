"""The gate says what a bare cfn-lint says, and remembers only what passed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn import gate
from phoenix_cfn.cfnlintrc import ConfigurationError

FAULTY = b"""
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Loud: {Type: AWS::SNS::Topic, Properties: {Volume: 11}}
  Never: {Type: AWS::SNS::Topic, DependsOn: Nobody}
"""
CLEAN = b"""
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Quiet: {Type: AWS::SNS::Topic}
"""


@pytest.fixture
def checkout(root: Path, cfnlintrc: Path, tmp_path: Path) -> Path:
    shutil.copy(cfnlintrc, tmp_path / ".cfnlintrc")
    (tmp_path / "app").mkdir()
    shutil.copy(root / "app/buildspec.yml", tmp_path / "app")
    (tmp_path / "templates").mkdir()
    return tmp_path


def bare_cfn_lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("cfn-lint")],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_the_gate_and_a_bare_cfn_lint_say_the_same(checkout: Path) -> None:
    found = gate.findings(checkout, {"templates/Faulty.yml": FAULTY})
    (checkout / "templates/Faulty.yml").write_bytes(FAULTY)
    bare = bare_cfn_lint(checkout)
    assert bare.returncode != 0
    assert "\n\n".join(each.text for each in found) == bare.stdout.strip()
    assert {each.file for each in found} == {"templates/Faulty.yml"}
    assert ("Resources", "Loud", "Properties", "Volume") in {each.path for each in found}


@pytest.mark.settings
def test_a_bare_cfn_lint_in_the_root_finds_nothing(root: Path) -> None:
    bare = bare_cfn_lint(root)
    assert (bare.returncode, bare.stdout) == (0, "")


def test_nothing_of_the_users_home_or_environment_opens_the_gate(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".cfnlintrc").write_text("ignore_checks: [E, W, I]\nignore_templates: ['**']\n")
    expected = [each.text for each in gate.findings(checkout, {"templates/Faulty.yml": FAULTY})]
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_REGION", "xx-nowhere-1")
    assert [each.text for each in gate.findings(checkout, {"templates/Faulty.yml": FAULTY})] == expected
    assert expected
    assert (os.environ["HOME"], os.environ["AWS_REGION"]) == (str(home), "xx-nowhere-1")


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (None, r"found no such file; expected cfn-lint's configuration\. Restore it, or run `phoenix-cfn init`"),
        (
            "templates: [templates/*.yml",
            r"found while parsing .*; expected a configuration that cfn-lint accepts\. Correct",
        ),
        (
            "templates: [templates/*.yml]\ncolour: red\n",
            r"found .*colour.*; expected a configuration that cfn-lint accepts",
        ),
        ("templates: [templates/*.yml]\nregions: 3\n", r"found .*; expected a configuration that cfn-lint accepts"),
        ("templates: [templates/*.yml]\nappend_rules: [no.such.rules]\n", r"No module named 'no'"),
        ("templates: [elsewhere/*.yml]\n", r"found patterns that exclude templates/Clean\.yml"),
        ("templates: [templates/*.yml]\nignore_templates: [templates/C*]\n", r"that exclude templates/Clean\.yml"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_clear_error(
    checkout: Path, configuration: str | None, message: str
) -> None:
    (checkout / ".cfnlintrc").unlink()
    if configuration is not None:
        (checkout / ".cfnlintrc").write_text(configuration)
    with pytest.raises(ConfigurationError, match=message) as error:
        gate.findings(checkout, {"templates/Clean.yml": CLEAN})
    assert "\n" not in str(error.value)


def test_what_is_on_disk_does_not_matter(checkout: Path) -> None:
    (checkout / "templates/Faulty.yml").write_bytes(FAULTY)
    assert gate.findings(checkout, {"templates/Clean.yml": CLEAN}) == []


def test_the_working_folder_is_the_same_afterwards(checkout: Path) -> None:
    before = Path.cwd()
    gate.findings(checkout, {"templates/Clean.yml": CLEAN})
    assert Path.cwd() == before


def test_informational_findings_count(checkout: Path) -> None:
    stateful = CLEAN.replace(b"AWS::SNS::Topic", b"AWS::Logs::LogGroup")
    assert "I3011" in {each.text[:5] for each in gate.findings(checkout, {"templates/Stateful.yml": stateful})}
