"""The gate says what a bare cfn-lint says, and remembers only what passed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn import gate

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
def checkout(root: Path, tmp_path: Path) -> Path:
    shutil.copy(root / ".cfnlintrc", tmp_path)
    shutil.copytree(root / "phoenix_cfn", tmp_path / "phoenix_cfn", ignore=shutil.ignore_patterns("__pycache__"))
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
    found = gate.findings(checkout, {"Faulty.yml": FAULTY})
    (checkout / "templates/Faulty.yml").write_bytes(FAULTY)
    bare = bare_cfn_lint(checkout)
    assert bare.returncode != 0
    assert "\n\n".join(each.text for each in found) == bare.stdout.strip()
    assert {each.template for each in found} == {"Faulty.yml"}
    assert ("Resources", "Loud", "Properties", "Volume") in {each.path for each in found}


def test_a_bare_cfn_lint_in_the_root_finds_nothing(root: Path) -> None:
    bare = bare_cfn_lint(root)
    assert (bare.returncode, bare.stdout) == (0, "")


def test_what_is_on_disk_does_not_matter(checkout: Path) -> None:
    (checkout / "templates/Faulty.yml").write_bytes(FAULTY)
    assert gate.findings(checkout, {"Clean.yml": CLEAN}) == []


def test_the_working_folder_is_the_same_afterwards(checkout: Path) -> None:
    before = Path.cwd()
    gate.findings(checkout, {"Clean.yml": CLEAN})
    assert Path.cwd() == before


def test_informational_findings_count(checkout: Path) -> None:
    stateful = CLEAN.replace(b"AWS::SNS::Topic", b"AWS::Logs::LogGroup")
    assert "I3011" in {each.text[:5] for each in gate.findings(checkout, {"Stateful.yml": stateful})}


def test_a_verdict_holds_for_exactly_these_inputs(checkout: Path) -> None:
    templates = {"Clean.yml": CLEAN}
    verdict = gate.digest(checkout, templates)
    assert not gate.is_known_clean(checkout, verdict)
    gate.remember_clean(checkout, verdict)
    assert gate.is_known_clean(checkout, gate.digest(checkout, templates))

    assert gate.digest(checkout, {"Clean.yml": CLEAN + b"#"}) != verdict
    assert gate.digest(checkout, {"Other.yml": CLEAN}) != verdict
    inputs = (
        ".cfnlintrc",
        "app/buildspec.yml",
        "phoenix_cfn/rules/__init__.py",
        "phoenix_cfn/rules/request/container_port.py",
        "phoenix_cfn/cloudformation/evaluation.py",
    )
    for path in inputs:
        before = (checkout / path).read_bytes()
        (checkout / path).write_bytes(before + b"\n# changed\n")
        assert gate.digest(checkout, templates) != verdict
        (checkout / path).write_bytes(before)
    assert gate.digest(checkout, templates) == verdict


def test_another_cfn_lint_judges_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = gate.digest(checkout, {"Clean.yml": CLEAN})
    monkeypatch.setattr(gate, "version", lambda _: "99.0")
    assert gate.digest(checkout, {"Clean.yml": CLEAN}) != verdict


def test_a_broken_memory_is_no_verdict(checkout: Path) -> None:
    (checkout / ".cache").mkdir()
    (checkout / ".cache/gate").write_bytes(b"\xff")
    assert not gate.is_known_clean(checkout, "x")


def test_a_memory_that_cannot_be_written_is_no_error(checkout: Path) -> None:
    (checkout / ".cache").write_text("a file where the folder should be")
    gate.remember_clean(checkout, "x")
    assert not gate.is_known_clean(checkout, "x")
