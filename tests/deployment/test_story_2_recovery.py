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


def test_crash_leaves_the_other_processes_alone(stage: Stage, results: Results) -> None:
    before = {task["taskArn"] for task in stage.tasks()}
    with Visitors(stage, rate=10) as visitors:
        time.sleep(1)
        start = time.time()
        for _ in range(3):
            assert stage.get("/crash").status in (0, 502)
            time.sleep(1)
        eventually(lambda: _answers(stage), 60, "twenty answers in a row after the last crash")
        end = time.time()
        time.sleep(2)
    check_failures(visitors, start, end)
    assert {task["taskArn"] for task in stage.tasks()} == before
    results.add("R2", "`/crash`, three times: the worker is replaced in its task", None, visitors)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (killed, "container killed"),
        (removed, "container removed"),
        (hung, "process hung"),
        (unreachable, "health check unanswered"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_task_is_replaced(stage: Stage, results: Results, fault: Fault, what: str) -> None:
    victim, other = stage.tasks()
    with Visitors(stage, rate=10) as visitors:
        time.sleep(1)
        start = time.time()
        fault(stage, stage.container(victim))
        eventually(lambda: _replaced(stage, victim["taskArn"]), 180, f"a healthy task instead of the one with {what}")
        end = time.time()
        time.sleep(2)
    assert other["taskArn"] in {task["taskArn"] for task in stage.tasks()}
    check_failures(visitors, start, end)
    disturbed = f"disturbed for {visitors.disturbed():.1f} s" if visitors.failed else ""
    results.add("R2", what, end - start, visitors, disturbed)


def check_failures(visitors: Visitors, start: float, end: float) -> None:
    """Requests failed only while the fault lasted, and of those that were under way then, less than half."""
    meanwhile = [each for each in visitors.visits if each.began + each.seconds >= start and each.began <= end]
    assert [each for each in visitors.failed if each not in meanwhile] == []
    assert len(visitors.failed) < len(meanwhile) / 2


def _answers(stage: Stage) -> bool:
    return all(stage.get().status == 200 for _ in range(20))


def _replaced(stage: Stage, victim: str) -> bool:
    tasks = stage.tasks()
    return victim not in {task["taskArn"] for task in tasks} and len(tasks) == 2 and len(stage.healthy()) == 2
