"""A verdict is remembered for exactly what it depends on, and only a clean one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import phoenix_cfn
from phoenix_cfn import verdict

CLEAN = b"Resources: {Quiet: {Type: AWS::SNS::Topic}}"


@pytest.fixture
def checkout(root: Path, cfnlintrc: Path, tmp_path: Path) -> Path:
    shutil.copy(cfnlintrc, tmp_path / ".cfnlintrc")
    (tmp_path / "app").mkdir()
    shutil.copy(root / "app/buildspec.yml", tmp_path / "app")
    return tmp_path


INPUTS = ("app/buildspec.yml", "app/Dockerfile")


def test_a_verdict_holds_for_exactly_these_inputs(checkout: Path) -> None:
    files = {"templates/Clean.yml": CLEAN, ".cfnlintrc": (checkout / ".cfnlintrc").read_bytes()}
    before = verdict.digest(checkout, files, INPUTS)
    assert not verdict.is_known_clean(checkout, before)
    verdict.remember_clean(checkout, before)
    assert verdict.is_known_clean(checkout, verdict.digest(checkout, files, INPUTS))

    assert verdict.digest(checkout, {**files, "templates/Clean.yml": CLEAN + b"#"}, INPUTS) != before
    assert verdict.digest(checkout, {**files, "templates/Other.yml": CLEAN}, INPUTS) != before
    assert verdict.digest(checkout, {**files, ".cfnlintrc": b"ignore_checks: [E]"}, INPUTS) != before
    for path in INPUTS:
        content = (checkout / path).read_bytes() if (checkout / path).exists() else None
        (checkout / path).write_bytes((content or b"") + b"\n# changed\n")
        assert verdict.digest(checkout, files, INPUTS) != before
        (checkout / path).write_bytes(content) if content is not None else (checkout / path).unlink()
    assert verdict.digest(checkout, files, INPUTS) == before


def test_a_copy_of_the_project_keeps_its_verdict(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (checkout / "own").mkdir()
    (checkout / "own/rule.py").write_text("1")
    copy = shutil.copytree(checkout, tmp_path_factory.mktemp("elsewhere") / "copy")
    files = {".cfnlintrc": b"append_rules: [own]"}
    assert verdict.digest(copy, files, INPUTS) == verdict.digest(checkout, files, INPUTS)


@pytest.mark.parametrize("file", ["rules/new.py", "cloudformation/new.py", "cloudformation/facts/new.json", "gate.py"])
def test_another_file_of_those_that_judge_judges_again(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    package = tmp_path / "package"
    (package / file).parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(phoenix_cfn, "__file__", str(package / "__init__.py"))
    before = verdict.digest(checkout, {}, ())
    (package / file).touch()
    assert verdict.digest(checkout, {}, ()) != before


@pytest.mark.parametrize("key", ["append_rules", "custom_rules", "override_spec", "registry_schemas"])
def test_files_that_the_configuration_names_belong_to_the_verdict(checkout: Path, key: str) -> None:
    (checkout / "own").mkdir()
    (checkout / "own/rule.py").write_text("1")
    files = {".cfnlintrc": f"{key}: [own]".encode()}
    before = verdict.digest(checkout, files, ())
    (checkout / "own/rule.py").write_text("2")
    assert verdict.digest(checkout, files, ()) != before


def test_what_python_compiles_from_a_rule_is_no_other_rule(checkout: Path) -> None:
    """It is not there yet in the first build, before cfn-lint has imported the rules."""
    (checkout / "own").mkdir()
    (checkout / "own/rule.py").write_text("1")
    files = {".cfnlintrc": b"append_rules: [own]"}
    before = verdict.digest(checkout, files, ())
    (checkout / "own/__pycache__").mkdir()
    (checkout / "own/__pycache__/rule.cpython-311.pyc").write_bytes(b"1")
    assert verdict.digest(checkout, files, ()) == before


def test_another_cfn_lint_judges_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = verdict.digest(checkout, {"templates/Clean.yml": CLEAN}, INPUTS)
    monkeypatch.setattr(verdict, "cfn_lint_version", lambda: "99.0")
    assert verdict.digest(checkout, {"templates/Clean.yml": CLEAN}, INPUTS) != before


def test_a_broken_memory_is_no_verdict(checkout: Path) -> None:
    (checkout / ".cache").mkdir()
    (checkout / ".cache/gate").write_bytes(b"\xff")
    assert not verdict.is_known_clean(checkout, "x")


def test_a_memory_that_cannot_be_written_is_no_error(checkout: Path) -> None:
    (checkout / ".cache").write_text("a file where the folder should be")
    verdict.remember_clean(checkout, "x")
    assert not verdict.is_known_clean(checkout, "x")
