"""The rules on what the generator writes for other settings, and the numbers that a fork may set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.rules.house import BUILDSPEC, INFRASTRUCTURE, PIPELINE, ROOT, judged, written
from tests.rules.test_other_styles import linted

SETTINGS: list[dict[str, Any]] = [
    {"pipeline": {"source": "github-connection"}},
    {"pipeline": {"source": "codecommit"}, "service": {"cpu_architecture": "ARM64"}},
    {"name": "my-shop", "service": {"container_port": 3000, "health_check_path": "/"}},
    {"database": {"instances": 1}, "scaling": {"tasks_limit": 40, "max_tasks": 40}},
]


def generated(settings: dict[str, Any], folder: Path) -> Path:
    """A repository with the templates of other settings."""
    chosen = Settings.of(settings)
    return written(
        {
            INFRASTRUCTURE: infrastructure.template(chosen).to_dict(),
            PIPELINE: pipeline.template(chosen).to_dict(),
            BUILDSPEC: (ROOT / BUILDSPEC).read_text(),
        },
        folder,
    )


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_other_settings_have_no_finding(settings: dict[str, Any], tmp_path: Path) -> None:
    assert judged(generated(settings, tmp_path)) == []


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({"scaling": {"min_tasks": 1}}, ["W9308"]),
        ({"scaling": {"max_tasks": 2}}, ["E9606"]),
        ({"retention": {"days": 14}}, ["E9401", "E9407"]),
        ({"scaling": {"requests_per_second_per_task": 50}}, ["E9602"]),
    ],
    ids=str,
)
def test_settings_that_leave_the_kata_have_a_finding(
    settings: dict[str, Any], rules: list[str], tmp_path: Path
) -> None:
    assert sorted({rule for rule, _, _ in judged(generated(settings, tmp_path))}) == rules


def test_a_fork_sets_its_numbers(tmp_path: Path) -> None:
    target = tmp_path / "template.json"
    group = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    target.write_text(json.dumps({"Resources": {"Logs": {**group, "Properties": {"RetentionInDays": 14}}}}))
    assert [rule for rule, _ in linted(target)] == ["E9401"]
    assert linted(target, options=("-x", "E9401:days=14")) == []
