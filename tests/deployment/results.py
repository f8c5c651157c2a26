"""The recorded table: what was done, how long it took, how many requests were sent and failed meanwhile."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version

from phoenix_cfn.local.docker_engine import DockerEngine
from tests.deployment.recorded import Part

from .visitors import Visitors


@dataclass(frozen=True)
class Row:
    """`seconds` until it was done; `sent` and `failed` requests, None where no request was sent meanwhile."""

    requirement: str
    what: str
    seconds: float | None = None
    sent: int | None = None
    failed: int | None = None
    note: str = ""


@dataclass
class Results:
    """Collects rows of the table in docs/deployment-tests.md."""

    engine: DockerEngine
    time_scale: float
    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        requirement: str,
        what: str,
        seconds: float | None = None,
        visitors: Visitors | None = None,
        note: str = "",
    ) -> None:
        """One row; visitors count the requests that were sent and that failed."""
        sent = visitors.sent if visitors else None
        failed = len(visitors.failed) if visitors else None
        self.rows.append(Row(requirement, what, seconds, sent, failed, note))

    def part(self) -> Part:
        """In Markdown, with the machine and the versions below."""
        head = ["| | what was done | seconds | requests sent | failed | seen |", "|---|---|---:|---:|---:|---|"]
        lines = []
        for row in sorted(self.rows, key=lambda each: each.requirement):
            cells = ["" if value is None else str(value) for value in (row.sent, row.failed)]
            seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
            lines.append(f"| {row.requirement} | {row.what} | {seconds} | {cells[0]} | {cells[1]} | {row.note} |")
        return Part("docs/deployment-tests.md", "results", head, lines, self.machine())

    def machine(self) -> str:
        """The machine and the versions."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        return (
            f"{datetime.now(timezone.utc):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
            f"{platform.machine()}, Docker {self.engine.version}, MiniStack {version('ministack')}, "
            f"Python {platform.python_version()}; a second of AWS's clocks lasted {self.time_scale:g} s."
        )
