"""`phoenix-cfn costs`: the monthly costs of the resources in both stacks of a stage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phoenix_cfn.cli.arguments import add_set
from phoenix_cfn.costs import Costs, monthly_cost
from phoenix_cfn.costs.prices import prices
from phoenix_cfn.project import Project

_ROW = "{:<55}{:>8}{:>12}".format


def main(arguments: Sequence[str], root: Path, prog: str) -> int:
    """Returns the exit code 0. Raises PhoenixError."""
    options = _parse(arguments, prog)
    project = Project.load(root)
    values = dict(options.set)
    costs = [
        monthly_cost(each.to_dict(), values) for each in (project.infrastructure.template, project.pipeline.template)
    ]
    print("\n".join(table(costs)))
    return 0


def table(costs: Sequence[Costs]) -> list[str]:
    """The lines of all stacks, and the sum."""
    counts: dict[str, tuple[float, float, bool]] = {}
    for line in (line for each in costs for line in each.lines):
        count, monthly, _ = counts.get(line.what, (0.0, 0.0, True))
        counts[line.what] = count + line.count, monthly + line.monthly, line.price is not None
    known = prices()
    return [
        _ROW(f"per month in {known.region}, {known.currency}, prices of {known.date}", "", ""),
        *(
            _ROW(what, f"{count:g}", f"{monthly:.2f}" if priced else "no price")
            for what, (count, monthly, priced) in counts.items()
        ),
        _ROW("sum", "", f"{sum(each.monthly for each in costs):.2f}"),
        "Costs by usage (requests, data, logs, storage, builds) are not included: docs/costs.md.",
    ]


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Prints the monthly costs of both stacks of this project without load: resources that are billed "
        "by time, with the minimum number of tasks. The prices are from a dated table for one region.",
        epilog="Exit code: 0; 2 for invalid input.",
    )
    add_set(parser, "a parameter of the stacks, such as MinRunningTasks=4; may be repeated")
    return parser.parse_args(arguments)
