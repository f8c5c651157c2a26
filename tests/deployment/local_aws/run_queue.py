"""How long a container's threads have waited for a CPU of this machine.

On Fargate a task has its CPU to itself. Here other processes take a part of it on a busy machine; what the task would
have used is what it used and what it waited for. https://docs.kernel.org/scheduler/sched-stats.html
"""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def seconds_waited(process: int) -> float:
    """Of a process and all below it, since they began; 0 where this machine does not tell."""
    waited, pending = 0.0, [process]
    while pending:
        try:
            threads = list((_PROC / str(pending.pop()) / "task").iterdir())
        except OSError:
            continue
        for thread in threads:
            try:
                # Time on a CPU, time on the run queue (both in nanoseconds), turns.
                waited += int((thread / "schedstat").read_text().split()[1]) / 1e9
                pending += [int(child) for child in (thread / "children").read_text().split()]
            except (OSError, IndexError, ValueError):
                # The thread has ended meanwhile.
                continue
    return waited
