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

TEMPLATES = [f"{name}-{strategy}.yml" for name in ("Pipeline", "Infrastructure") for strategy in STRATEGIES]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both for each strategy of deployment: those of the default settings, the others with approval and smoke test."""
    folder = tmp_path_factory.mktemp("strategies")
    for strategy in STRATEGIES:
        chosen = {"strategy": strategy, "smoke_test_path": "/health", "approval": True}
        settings = Settings() if strategy == "rolling" else Settings.of({"deployment": chosen})
        for name, build in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
            (folder / f"{name}-{strategy}.yml").write_text(render(build.template(settings)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", TEMPLATES)
def test_awss_validator_has_no_error_and_no_warning(templates: Path, name: str) -> None:
    report = CompositeEngine().validate_template(str(templates / name))
    assert report.diagnostics, "it always has something to inform of; silence means that it did not run"
    complaints = [
        (each.severity.name, each.rule_id, each.message)
        for each in report.diagnostics
        if each.severity.name not in {"INFO", "DEBUG"}
    ]
    assert complaints == []


@pytest.fixture(scope="session")
def checkov(root: Path) -> Path:
    """checkov in an environment of its own, made once: what it needs contradicts what the other tests need."""
    home = root / ".cache" / CHECKOV.replace("==", "-")
    if not (home / "complete").exists():
        # An older pip than the newest takes twice as long.
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--upgrade-deps", home], check=True)
        # Of its many requirements, few are imported.
        subprocess.run([home / "bin/pip", "install", "--quiet", "--no-compile", CHECKOV], check=True)
        (home / "complete").touch()
    return home / "bin/checkov"


def test_checkov_fails_nothing_and_skips_little_and_with_a_reason(templates: Path, checkov: Path) -> None:
    result = subprocess.run(
        [checkov, "--directory", templates, "--framework", "cloudformation", "--output", "json", "--skip-download"],
        capture_output=True,
        text=True,
    )
    report: dict[str, Any] = json.loads(result.stdout)
    found = report["results"]
    assert [(each["check_id"], each["resource"]) for each in found["failed_checks"]] == []
    assert all(each["check_result"]["suppress_comment"] for each in found["skipped_checks"])
    assert len([each for each in found["skipped_checks"] if each["file_path"].endswith("-rolling.yml")]) <= 10
    assert report["summary"]["resource_count"] > 80 * len(STRATEGIES)
    assert result.returncode == 0
