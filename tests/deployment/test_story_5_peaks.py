"""R4: a CPU peak of some ten seconds is told to a subscriber, and so is its end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from phoenix_cfn.local.aws.settings import busy
from phoenix_cfn.local.server import LocalAws

from .alarms import state
from .results import Results
from .stage import Stage, eventually
from .subscriber import subscriber

# Seconds on a quiet machine; a busy one takes so much longer to use as much CPU.
PEAK = 10.0
CLIENTS = 8


def test_a_cpu_peak_is_told(aws: LocalAws, stage: Stage, results: Results) -> None:
    alarm = stage.resources()["CpuPeakAlarm"]
    eventually(lambda: state(stage, "CpuPeakAlarm") == "OK", 60, "CpuPeakAlarm in OK before the peak")
    told: list[tuple[str, float]] = []

    def look(messages: Callable[[], list[str]], wanted: str) -> bool:
        """Whether that is what the alarm told last."""
        for text in messages():
            message = json.loads(text)
            if message["AlarmName"] == alarm:
                told.append((message["NewStateValue"], time.time()))
        return bool(told) and told[-1][0] == wanted

    with subscriber(aws, stage.outputs()["AlarmTopicArn"]) as messages:
        start, peak = time.time(), PEAK * busy()
        clients = [threading.Thread(target=_ask, args=(stage, start + peak)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        eventually(lambda: look(messages, "ALARM"), 60, "a notification that the peak has begun")
        alarmed = told[0][1] - start
        for client in clients:
            client.join()
        over = time.time()
        eventually(lambda: look(messages, "OK"), 60, "a notification that the peak is over")
    assert stage.get().status == 200
    results.add(
        "R4",
        f"CPU peak of {peak:.0f} s by `/generatecert`: alarm, notification, back to OK",
        alarmed,
        note=f"OK {max(0.0, told[-1][1] - over):.1f} s after the peak",
    )


def _ask(stage: Stage, until: float) -> None:
    while time.time() < until:
        stage.get("/generatecert")
