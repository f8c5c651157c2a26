"""The gate says what a bare cfn-lint says, and remembers only what passed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import phoenix_cfn
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
        ("templates: [templates/*.yml", r"found while parsing .*; expected what cfn-lint accepts\. Correct the file"),
        ("templates: [templates/*.yml]\ncolour: red\n", r"found .*colour.*; expected what cfn-lint accepts"),
        ("templates: [templates/*.yml]\nregions: 3\n", r"found .*; expected what cfn-lint accepts"),
        ("templates: [templates/*.yml]\nappend_rules: [no.such.rules]\n", r"No module named 'no'"),
        ("templates: [elsewhere/*.yml]\n", r"found patterns that leave out templates/Clean\.yml"),
        ("templates: [templates/*.yml]\nignore_templates: [templates/C*]\n", r"leave out templates/Clean\.yml"),
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


INPUTS = ("app/buildspec.yml", "app/Dockerfile")


def test_a_verdict_holds_for_exactly_these_inputs(checkout: Path) -> None:
    files = {"templates/Clean.yml": CLEAN, ".cfnlintrc": (checkout / ".cfnlintrc").read_bytes()}
    verdict = gate.digest(checkout, files, INPUTS)
    assert not gate.is_known_clean(checkout, verdict)
    gate.remember_clean(checkout, verdict)
    assert gate.is_known_clean(checkout, gate.digest(checkout, files, INPUTS))

    assert gate.digest(checkout, {**files, "templates/Clean.yml": CLEAN + b"#"}, INPUTS) != verdict
    assert gate.digest(checkout, {**files, "templates/Other.yml": CLEAN}, INPUTS) != verdict
    assert gate.digest(checkout, {**files, ".cfnlintrc": b"ignore_checks: [E]"}, INPUTS) != verdict
    for path in INPUTS:
        before = (checkout / path).read_bytes() if (checkout / path).exists() else None
        (checkout / path).write_bytes((before or b"") + b"\n# changed\n")
        assert gate.digest(checkout, files, INPUTS) != verdict
        (checkout / path).write_bytes(before) if before is not None else (checkout / path).unlink()
    assert gate.digest(checkout, files, INPUTS) == verdict


def test_another_rule_judges_again(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    (package / "rules").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setattr(phoenix_cfn, "__file__", str(package / "__init__.py"))
    verdict = gate.digest(checkout, {}, ())
    (package / "rules/new.py").touch()
    assert gate.digest(checkout, {}, ()) != verdict


@pytest.mark.parametrize("key", ["append_rules", "custom_rules", "override_spec", "registry_schemas"])
def test_files_that_the_configuration_names_belong_to_the_verdict(checkout: Path, key: str) -> None:
    (checkout / "own").mkdir()
    (checkout / "own/rule.py").write_text("1")
    files = {".cfnlintrc": f"{key}: [own]".encode()}
    verdict = gate.digest(checkout, files, ())
    (checkout / "own/rule.py").write_text("2")
    assert gate.digest(checkout, files, ()) != verdict


def test_another_cfn_lint_judges_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = gate.digest(checkout, {"templates/Clean.yml": CLEAN}, INPUTS)
    monkeypatch.setattr(gate, "version", lambda _: "99.0")
    assert gate.digest(checkout, {"templates/Clean.yml": CLEAN}, INPUTS) != verdict


def test_a_broken_memory_is_no_verdict(checkout: Path) -> None:
    (checkout / ".cache").mkdir()
    (checkout / ".cache/gate").write_bytes(b"\xff")
    assert not gate.is_known_clean(checkout, "x")


def test_a_memory_that_cannot_be_written_is_no_error(checkout: Path) -> None:
    (checkout / ".cache").write_text("a file where the folder should be")
    gate.remember_clean(checkout, "x")
    assert not gate.is_known_clean(checkout, "x")
