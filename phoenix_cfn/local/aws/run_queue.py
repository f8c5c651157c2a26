"""How much CPU threads that never sleep have waited for on this machine.

On Fargate a task has its CPU to itself. On a busy machine a thread that computes gets less than it would have there: by
what it waits for. A thread that sleeps now and then only does the same later.
https://docs.kernel.org/scheduler/sched-stats.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
# The share of its time that a thread must have run or waited.
_SLEEPLESS = 0.9


class RunQueue:
    """Looks at processes again and again."""

    def __init__(self) -> None:
        # By thread: when it was looked at, and its seconds on a CPU and in the queue until then.
        self._seen: dict[Path, tuple[float, float, float]] = {}

    def waiting(self, process: int) -> float:
        """How many CPUs the threads of a process and of those below it have lacked since the last look; 0 where that
        is not known.
        """
        found = 0.0
        for thread in _threads(process):
            try:
                ran, queued = (int(each) / 1e9 for each in (thread / "schedstat").read_text().split()[:2])
            except (OSError, ValueError):
                # The thread has ended meanwhile.
                continue
            now = time.monotonic()
            at, ran_before, queued_before = self._seen.get(thread, (now, ran, queued))
            self._seen[thread] = (now, ran, queued)
            if now > at and ran + queued - ran_before - queued_before > _SLEEPLESS * (now - at):
                found += (queued - queued_before) / (now - at)
        return found


def _threads(process: int) -> Iterator[Path]:
    pending = [process]
    while pending:
        try:
            threads = list((_PROC / str(pending.pop()) / "task").iterdir())
        except OSError:
            continue
        yield from threads
        for thread in threads:
            try:
                pending += [int(child) for child in (thread / "children").read_text().split()]
            except OSError:
                continue
