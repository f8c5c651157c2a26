"""R6: above ten requests a second and task there are more tasks; a release keeps them; fewer requests remove them."""

from __future__ import annotations

import re
import time

from .results import Results
from .stage import Stage, eventually
from .visitors import Visitors

MINIMUM, MAXIMUM = 2, 4
# Requests a second: more than ten for each of four tasks.
LOAD = 50.0
FEWER = 12.0


def test_load_scales_out_a_release_keeps_the_count_and_fewer_requests_scale_in(stage: Stage, results: Results) -> None:
    another = stage.version("another", "LABEL released='under load'")
    said = stage.aws.log()
    with Visitors(stage, rate=LOAD) as visitors:
        start = time.time()
        eventually(lambda: len(stage.healthy()) == MAXIMUM, 120, f"{MAXIMUM} healthy tasks under load")
        seconds = time.time() - start
        eventually(lambda: _requests_want_more(stage, len(said)), 60, "the policy on requests wants more tasks")
        results.add("R6", f"{LOAD:.0f} requests a second: {MINIMUM} -> {MAXIMUM} tasks", seconds)
        start = time.time()
        run = stage.push("A release under load", another)
        counts = set()
        while stage.executions()[run - 1 :] == [] or stage.executions()[run - 1]["status"] == "InProgress":
            counts.add(stage.service()["desiredCount"])
            time.sleep(0.5)
        seconds = time.time() - start
        stage.finished(run)
    assert counts == {MAXIMUM}
    assert visitors.failed == []
    results.add("R6", "a release meanwhile keeps the count", seconds, visitors, f"{MAXIMUM} tasks all the time")
    # Less than ten for each of two tasks: those that are taken away serve until they are.
    with Visitors(stage, rate=FEWER) as visitors:
        start = time.time()
        eventually(lambda: len(stage.tasks()) == MINIMUM, 240, f"{MINIMUM} tasks after the load")
        seconds = time.time() - start
        time.sleep(2)
    assert visitors.failed == []
    results.add("R6", f"{FEWER:.0f} requests a second: back to {MINIMUM} tasks", seconds, visitors)


def _requests_want_more(stage: Stage, since: int) -> bool:
    """Whether, since that place in the log, the policy on requests wanted more tasks than there were."""
    pattern = rf": (\d+) tasks, wanted .*'{stage.prefix}-requests-per-second': (\d+)"
    return any(int(wanted) > int(tasks) for tasks, wanted in re.findall(pattern, stage.aws.log()[since:]))


def test_below_the_target_nothing_happens(stage: Stage) -> None:
    with Visitors(stage, rate=8 * MINIMUM) as visitors:
        time.sleep(25)
        assert stage.service()["desiredCount"] == MINIMUM
    assert visitors.failed == []
