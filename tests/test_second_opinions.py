"""Other judges than cfn-lint: AWS's own validator, and checkov for security."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cloudformation_validate import CompositeEngine

CHECKOV = "checkov==3.3.30"


@pytest.mark.parametrize("name", ["Pipeline.yml", "Infrastructure.yml"])
def test_awss_validator_has_no_error_and_no_warning(default_templates: Path, name: str) -> None:
    report = CompositeEngine().validate_template(str(default_templates / name))
    assert report.diagnostics, "it always has something to inform of; silence means that it did not run"
    assert [
        (each.severity.name, each.rule_id, each.message)
        for each in report.diagnostics
        if each.severity.name not in {"INFO", "DEBUG"}
    ] == []


@pytest.fixture(scope="session")
def checkov(root: Path) -> Path:
    """checkov in an environment of its own, made once: what it needs contradicts what the other tests need."""
    home = root / ".cache" / CHECKOV.replace("==", "-")
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", CHECKOV], check=True)
        (home / "complete").touch()
    return home / "bin/checkov"


def test_checkov_fails_nothing_and_skips_little_and_with_a_reason(default_templates: Path, checkov: Path) -> None:
    result = subprocess.run(
        [checkov, "--directory", default_templates, "--framework", "cloudformation", "--output", "json"],
        capture_output=True,
        text=True,
    )
    report = json.loads(result.stdout)
    assert [(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]] == []
    skipped = report["results"]["skipped_checks"]
    assert len(skipped) <= 10
    assert all(each["check_result"]["suppress_comment"] for each in skipped)
    assert report["summary"]["resource_count"] > 80
    assert result.returncode == 0
