"""The monthly costs of a template: of resources that are billed by time, with the minimum number of tasks.

Costs by usage (requests, data, logs, storage, builds) are not included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phoenix_cfn.cloudformation.evaluation import Scenario
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.costs.prices import prices
from phoenix_cfn.costs.quantities import quantities


@dataclass(frozen=True)
class Line:
    """The costs of one kind of resource. `price` is its name in the table of prices, or None without a price."""

    what: str
    price: str | None
    count: float
    monthly: float


@dataclass(frozen=True)
class Costs:
    """`lines`: in the order of the table of prices; lines without a price are last."""

    lines: tuple[Line, ...]

    @property
    def monthly(self) -> float:
        """The sum of all lines with a price."""
        return sum(each.monthly for each in self.lines)


def monthly_cost(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Costs:
    """The costs of a template with these parameter values; all other parameters have their defaults."""
    return costs_of(Stack(dict(template), Scenario(dict(parameters or {}))))


def costs_of(stack: Stack) -> Costs:
    """The costs of a parsed template, in the scenario of its values."""
    table = prices()
    counts = quantities(stack)
    known = [name for name in table.prices if name in counts]
    lines = [Line(table.prices[name].of, name, counts[name], counts[name] * table.monthly(name)) for name in known]
    unknown = [Line(name, None, count, 0.0) for name, count in counts.items() if name not in table.prices]
    return Costs((*lines, *unknown))
