"""The workflow's comment: least permissions, the command as it is, and the page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from phoenix_cfn.cli import COMMANDS


def workflow(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((root / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    return found


def test_only_the_job_that_comments_may_write_and_only_comments(root: Path) -> None:
    found = workflow(root)
    assert found["permissions"] == {"contents": "read"}
    writing = {name: job["permissions"] for name, job in found["jobs"].items() if "permissions" in job}
    assert writing == {"preview": {"contents": "read", "pull-requests": "write"}}


def test_the_token_is_given_to_the_step_that_comments_alone(root: Path) -> None:
    steps = workflow(root)["jobs"]["preview"]["steps"]
    assert [step["run"].split()[0] for step in steps if "GH_TOKEN" in step.get("env", {})] == ["gh"]
    assert [step["with"]["persist-credentials"] for step in steps if "checkout" in step.get("uses", "")] == [False]


def test_what_a_pull_request_says_reaches_no_shell(root: Path) -> None:
    """Expressions stand in `env`, never in `run`."""
    assert not [step for step in workflow(root)["jobs"]["preview"]["steps"] if "${{" in step.get("run", "")]


def test_pre_commit_runs_the_command(root: Path) -> None:
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"] == "phoenix-cfn diff"
    assert "diff" in COMMANDS
    assert f"id: {hook['id']}" in (root / "docs/changes.md").read_text(encoding="utf-8")
