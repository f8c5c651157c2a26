"""R5: a commit changes the page without a failed request; a bad version is rolled back and the old one answers."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.error import HTTPError

import pytest

from .results import Results
from .stage import Stage, eventually
from .subscriber import subscriber
from .versions import (
    ANSWERING_WITH_ERRORS,
    CRASHING_AT_START,
    NEVER_HEALTHY,
    NEW_PAGE,
    UNHEALTHY,
    new_page,
    without_image,
)
from .visitors import Visitors


def test_a_commit_changes_the_page(stage: Stage, results: Results) -> None:
    """Also after a bad version, which has left the stack rolled back."""
    crashing = stage.version("crashing", *CRASHING_AT_START)
    release_a_bad_version(stage, crashing, "Essential container", results, "crashing at start")
    new_page(stage.fork)
    stage.calm()
    run = len(stage.executions()) + 1
    with Visitors(stage, rate=10) as visitors:
        start = time.time()
        commit = stage.fork.push("Welcome visitors by the right name")
        execution = stage.finished(run)
        eventually(lambda: NEW_PAGE.encode() in stage.get().body, 10, "the new page")
        seconds = time.time() - start
        time.sleep(1)
    assert (execution["trigger"], execution["commit"]) == ("Webhook", commit)
    assert stage.status(stage.infrastructure_stack) == "UPDATE_COMPLETE"
    assert visitors.failed == []
    results.add("R5", "a commit changes the page: pushed, tested, built, released", seconds, visitors)


def test_a_version_that_is_never_healthy_is_rolled_back(stage: Stage, results: Results) -> None:
    unhealthy = stage.version("unhealthy", *NEVER_HEALTHY)
    release_a_bad_version(stage, unhealthy, UNHEALTHY, results, "never healthy")


def test_a_version_whose_image_is_missing_is_rolled_back(stage: Stage, results: Results) -> None:
    without_image(stage.fork)
    release_a_bad_version(stage, stage.first, "CannotPullContainerError", results, "image missing")


def release_a_bad_version(stage: Stage, version: str, reason: str, results: Results, case: str) -> None:
    """The deployment of the image fails for the reason and is rolled back; no request fails, and an email says so."""
    with subscriber(stage.aws, stage.resources(stage.pipeline_stack)["PipelineTopic"]) as messages:
        deploy, seconds, visitors = failed_release(stage, version)
        assert re.search(reason, deploy["summary"]), deploy["summary"]
        assert visitors.failed == []
        eventually(
            lambda: any(" failed (execution " in each for each in messages()), 10, "an email about the failed run"
        )
    results.add("R5", f"bad version ({case}): rolled back, old one answers", seconds, visitors)


def failed_release(stage: Stage, version: str) -> tuple[dict[str, Any], float, Visitors]:
    """Releases an image, which is rolled back: the failed deploy action, the seconds that it took, and the
    visitors meanwhile.
    """
    stage.calm()
    page = stage.get().body
    with Visitors(stage, rate=10) as visitors:
        start = time.time()
        execution = stage.ended(stage.push("A bad version", version))
        seconds = time.time() - start
        time.sleep(1)
    deploy = execution["actions"][-1]
    assert (execution["status"], deploy["name"], deploy["status"]) == ("Failed", "Deploy", "Failed")
    assert stage.status(stage.infrastructure_stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert stage.get().body == page
    return deploy, seconds, visitors


def test_a_version_that_answers_with_errors_is_rolled_back_by_its_alarm(stage: Stage, results: Results) -> None:
    failing = stage.version("failing", *ANSWERING_WITH_ERRORS)
    deploy, seconds, visitors = failed_release(stage, failing)
    assert "alarm(s) detected" in deploy["summary"]
    assert "ServerErrorAlarm" in deploy["summary"]
    what = "bad version (answers with errors): its alarm rolls it back"
    results.add("R5", what, seconds, visitors, f"errors for {visitors.disturbed():.1f} s")


def test_pushes_to_other_branches_and_forged_ones_start_nothing(stage: Stage) -> None:
    before = len(stage.executions())
    [(url, secret)] = stage.fork.remote.hooks().items()
    assert secret != ""
    assert stage.fork.remote.tell(url, secret, {"ref": "refs/heads/other"}) == 200
    with pytest.raises(HTTPError, match="403"):
        stage.fork.remote.tell(url, "not the secret", {"ref": "refs/heads/master"})
    assert len(stage.executions()) == before
