"""Other judges than cfn-lint: AWS's own validator, and checkov for security."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cloudformation_validate import CompositeEngine

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.infrastructure.deployments import STRATEGIES
from phoenix_cfn.render import render

CHECKOV = "checkov==3.3.30"


NAMES = ("Pipeline", "Infrastructure")
OTHERS = tuple(each for each in STRATEGIES if each != "rolling")


def complaints(template: Path) -> list[tuple[str, str, str]]:
    """The errors and warnings of AWS's validator."""
    report = CompositeEngine().validate_template(str(template))
    assert report.diagnostics, "it always has something to inform of; silence means that it did not run"
    return [
        (each.severity.name, each.rule_id, each.message)
        for each in report.diagnostics
        if each.severity.name not in {"INFO", "DEBUG"}
    ]


@pytest.mark.parametrize("name", NAMES)
def test_awss_validator_has_no_error_and_no_warning(default_templates: Path, name: str) -> None:
    assert complaints(default_templates / f"{name}.yml") == []


@pytest.fixture(scope="session")
def strategies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both templates for each other strategy of deployment, with approval and a smoke test."""
    folder = tmp_path_factory.mktemp("strategies")
    for strategy in OTHERS:
        chosen = {"strategy": strategy, "smoke_test_path": "/health", "approval": True}
        settings = Settings.of({"deployment": chosen})
        for name, build in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
            (folder / f"{name}-{strategy}.yml").write_text(render(build.template(settings)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", [f"{name}-{each}.yml" for name in NAMES for each in OTHERS])
def test_awss_validator_has_no_error_and_no_warning_for_other_strategies(strategies: Path, name: str) -> None:
    assert complaints(strategies / name) == []


@pytest.fixture(scope="session")
def checkov(root: Path) -> Path:
    """checkov in an environment of its own, made once: what it needs contradicts what the other tests need."""
    home = root / ".cache" / CHECKOV.replace("==", "-")
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", CHECKOV], check=True)
        (home / "complete").touch()
    return home / "bin/checkov"


def checked(checkov: Path, folder: Path) -> dict[str, Any]:
    """checkov's report on the templates in a folder. Nothing fails, and what is skipped has its reason."""
    result = subprocess.run(
        [checkov, "--directory", folder, "--framework", "cloudformation", "--output", "json"],
        capture_output=True,
        text=True,
    )
    report: dict[str, Any] = json.loads(result.stdout)
    assert [(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]] == []
    assert all(each["check_result"]["suppress_comment"] for each in report["results"]["skipped_checks"])
    assert result.returncode == 0
    return report


def test_checkov_fails_nothing_and_skips_little_and_with_a_reason(default_templates: Path, checkov: Path) -> None:
    report = checked(checkov, default_templates)
    assert len(report["results"]["skipped_checks"]) <= 10
    assert report["summary"]["resource_count"] > 80


def test_checkov_fails_nothing_of_other_strategies(strategies: Path, checkov: Path) -> None:
    assert checked(checkov, strategies)["summary"]["resource_count"] > 360
