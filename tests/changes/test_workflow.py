"""The comment that a workflow writes: least permissions, the command as it is, and the page that shows it.

Both of this repository's workflow and of the one that `phoenix-cfn init` writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from phoenix_cfn.cli import COMMANDS

Workflow = dict[str, Any]


@pytest.fixture(params=[".github/workflows/ci.yml", "phoenix_cfn/cli/skeleton/workflow.yml"])
def workflow(root: Path, request: pytest.FixtureRequest) -> Workflow:
    found: Workflow = yaml.safe_load((root / request.param).read_text(encoding="utf-8"))
    return found


def test_only_the_job_that_comments_may_write_and_only_comments(workflow: Workflow) -> None:
    found = workflow
    assert found["permissions"] == {"contents": "read"}
    writing = {name: job["permissions"] for name, job in found["jobs"].items() if "permissions" in job}
    assert writing == {"preview": {"contents": "read", "pull-requests": "write"}}


def test_the_token_is_given_to_the_step_that_comments_alone(workflow: Workflow) -> None:
    steps = workflow["jobs"]["preview"]["steps"]
    assert [step["run"].split()[0] for step in steps if "GH_TOKEN" in step.get("env", {})] == ["gh"]
    assert [step["with"]["persist-credentials"] for step in steps if "checkout" in step.get("uses", "")] == [False]


def test_what_a_pull_request_says_reaches_no_shell(workflow: Workflow) -> None:
    """Expressions stand in `env`, never in `run`."""
    assert not [step for step in workflow["jobs"]["preview"]["steps"] if "${{" in step.get("run", "")]


def test_it_compares_the_base_with_the_change_and_posts_that(workflow: Workflow) -> None:
    runs = [step.get("run", "") for step in workflow["jobs"]["preview"]["steps"]]
    assert len([each for each in runs if 'phoenix-cfn diff "$BASE" HEAD --markdown' in each]) == 1
    assert len([each for each in runs if "--body-file preview.md" in each]) == 1


def test_pre_commit_runs_the_command(root: Path) -> None:
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"] == "phoenix-cfn diff"
    assert "diff" in COMMANDS
    assert f"id: {hook['id']}" in (root / "docs/changes.md").read_text(encoding="utf-8")
