"""The recorded table of the strategies: what was done with each, and what users saw."""

from __future__ import annotations

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.render import render
from tests.deployment.recorded import Part
from tests.deployment.results import Results
from tests.deployment.strategies import SETTINGS


class Table:
    """The table in docs/deployments.md, with a column for each strategy."""

    def __init__(self, engine: DockerEngine, time_scale: float, strategies: list[str]) -> None:
        self.results, self.strategies = Results(engine, time_scale), strategies
        self.rows: dict[str, dict[str, str]] = {}

    def add(self, strategy: str, what: str, *cells: str) -> None:
        """One cell."""
        self.rows.setdefault(what, {})[strategy] = "; ".join(cells)

    def part(self) -> Part:
        """In Markdown."""
        self._add_sizes()
        head = [f"| | {' | '.join(f'`{each}`' for each in self.strategies)} |", f"|---|{'---|' * len(self.strategies)}"]
        lines = [
            f"| {what} | {' | '.join(cells.get(each, '-') for each in self.strategies)} |"
            for what, cells in self.rows.items()
        ]
        return Part("docs/deployments.md", "strategies", head, lines, self.results.machine())

    def _add_sizes(self) -> None:
        """Of the templates with the default settings but for the strategy."""
        for strategy in self.strategies:
            settings = Settings.of({"deployment": SETTINGS[strategy]})
            sizes = [len(render(each.template(settings)).encode()) for each in (pipeline, infrastructure)]
            self.add(strategy, "bytes of Pipeline.yml, Infrastructure.yml", ", ".join(f"{size:,}" for size in sizes))
