"""What a template costs in a month: what it costs by being there, at the least number of tasks.

What it costs by use (requests, data, logs, storage, builds) is not in it.
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
    """So many of one thing: `price` is its name in the table of prices, None where the table has no price for it."""

    what: str
    price: str | None
    count: float
    monthly: float


@dataclass(frozen=True)
class Costs:
    """`lines`: by price, in the order of the table; last, what has no price."""

    lines: tuple[Line, ...]

    @property
    def monthly(self) -> float:
        """The sum of what has a price."""
        return sum(each.monthly for each in self.lines)


def monthly_cost(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Costs:
    """Of a template with these values of its parameters; the others have their defaults."""
    return costs_of(Stack(dict(template), Scenario(dict(parameters or {}))))


def costs_of(stack: Stack) -> Costs:
    """Of a template that is read already, in the scenario of its values."""
    table = prices()
    counts = quantities(stack)
    known = [name for name in table.prices if name in counts]
    lines = [Line(table.prices[name].of, name, counts[name], counts[name] * table.monthly(name)) for name in known]
    unknown = [Line(name, None, count, 0.0) for name, count in counts.items() if name not in table.prices]
    return Costs((*lines, *unknown))
