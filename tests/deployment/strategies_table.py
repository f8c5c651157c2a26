"""The recorded table of the strategies: what was done with each, and what users saw."""

from __future__ import annotations

import os

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.render import render
from tests.deployment import REPOSITORY_ROOT
from tests.deployment.results import Results
from tests.deployment.strategies import SETTINGS

FILE = REPOSITORY_ROOT / "docs/deployments.md"
_BEGIN, _END = "<!-- strategies: written by the test run -->", "<!-- end of strategies -->"


class Table:
    """A column for each strategy; printed in the end, and written to docs/ when PHOENIX_RECORD is set and nothing
    failed.
    """

    def __init__(self, engine: DockerEngine, time_scale: float, strategies: list[str]) -> None:
        self.results, self.strategies = Results(engine, time_scale), strategies
        self.rows: dict[str, dict[str, str]] = {}

    def add(self, strategy: str, what: str, *cells: str) -> None:
        """One cell."""
        self.rows.setdefault(what, {})[strategy] = "; ".join(cells)

    def text(self) -> str:
        """In Markdown."""
        lines = [
            f"| | {' | '.join(f'`{each}`' for each in self.strategies)} |",
            f"|---|{'---|' * len(self.strategies)}",
        ]
        for what, cells in self.rows.items():
            lines.append(f"| {what} | {' | '.join(cells.get(each, '-') for each in self.strategies)} |")
        return "\n".join([*lines, "", self.results.machine()])

    def finish(self, failed: int) -> None:
        """Prints the table, and writes it where that is wanted."""
        if os.environ.get("PHOENIX_RECORD") and not failed and "PYTEST_XDIST_WORKER" not in os.environ:
            self._add_sizes()
            before, _, rest = FILE.read_text().partition(_BEGIN)
            after = rest.partition(_END)[2]
            FILE.write_text(f"{before}{_BEGIN}\n\n{self.text()}\n\n{_END}{after}")
        print("\n" + self.text())

    def _add_sizes(self) -> None:
        """Of the templates with the default settings but for the strategy."""
        for strategy in self.strategies:
            settings = Settings.of({"deployment": SETTINGS[strategy]})
            sizes = [len(render(each.template(settings)).encode()) for each in (pipeline, infrastructure)]
            self.add(strategy, "bytes of Pipeline.yml, Infrastructure.yml", ", ".join(f"{size:,}" for size in sizes))
