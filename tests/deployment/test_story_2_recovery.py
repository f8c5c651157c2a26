"""R2: what dies is replaced, and meanwhile the other task answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .results import Results
from .stage import Stage, eventually
from .visitors import Visitors

Fault = Callable[[Stage, Any], None]


def killed(stage: Stage, container: Any) -> None:
    container.kill()


def removed(stage: Stage, container: Any) -> None:
    container.remove(force=True)


def hung(stage: Stage, container: Any) -> None:
    container.pause()


def unreachable(stage: Stage, container: Any) -> None:
    """The process lives, but no health check gets through any more."""
    stage.aws.engine.client.networks.get("bridge").disconnect(container, force=True)


def test_crash_takes_no_other_request_with_it(stage: Stage, results: Results) -> None:
    eventually(lambda: len(stage.healthy()) == 2, 60, "two healthy tasks")
    before = {task["taskArn"] for task in stage.tasks()}
    with Visitors(stage, rate=20) as visitors:
        for _ in range(3):
            time.sleep(1)
            assert stage.get("/crash").status in (0, 502)
        time.sleep(2)
    assert len(visitors.failed) <= 3
    assert {task["taskArn"] for task in stage.tasks()} == before
    results.add("R2", "`/crash`, three times: the worker is replaced in its task", None, visitors)


@pytest.mark.parametrize(
    ("fault", "what", "most_failed"),
    [
        (killed, "container killed", 5),
        (removed, "container removed", 5),
        (hung, "process hung", 60),
        (unreachable, "health check unanswered", 60),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_task_is_replaced(stage: Stage, results: Results, fault: Fault, what: str, most_failed: int) -> None:
    eventually(lambda: len(stage.healthy()) == 2, 60, "two healthy tasks")
    victim, other = stage.tasks()
    with Visitors(stage, rate=10) as visitors:
        time.sleep(1)
        start = time.time()
        fault(stage, stage.container(victim))
        eventually(lambda: _replaced(stage, victim["taskArn"]), 90, f"a healthy task instead of the one with {what}")
        seconds = time.time() - start
        quiet_from = time.time()
        time.sleep(2)
    assert other["taskArn"] in {task["taskArn"] for task in stage.tasks()}
    assert len(visitors.failed) <= most_failed
    assert not [each for each in visitors.failed if each.began > quiet_from]
    results.add("R2", what, seconds, visitors, f"disturbed for {visitors.disturbed():.1f} s" if visitors.failed else "")


def _replaced(stage: Stage, victim: str) -> bool:
    tasks = stage.tasks()
    return victim not in {task["taskArn"] for task in tasks} and len(tasks) == 2 and len(stage.healthy()) == 2
