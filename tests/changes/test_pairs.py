"""Each pair of the truth table: the outcome of every resource, and what becomes of its data."""

from __future__ import annotations

import pytest

from phoenix_cfn.changes.preview import preview
from phoenix_cfn.changes.sides import Side

from .pairs import Pair, pairs


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.name) for each in pairs()])
def test_the_outcomes_are_those_of_the_documentation(pair: Pair) -> None:
    found = preview(Side.of(pair.old, "old", pair.set_old), Side.of(pair.new, "new", pair.set_new))
    assert {name: str(change.outcome) for name, change in found.changes.items()} == pair.outcomes
    assert {name: data and str(data) for name in pair.data for data in [found.changes[name].data]} == pair.data


@pytest.mark.parametrize("pair", [pytest.param(each, id=each.name) for each in pairs()])
def test_a_pair_names_its_source_and_every_resource(pair: Pair) -> None:
    assert pair.source.startswith("https://")
    assert set(pair.data) <= set(pair.outcomes)


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert sum(len(pair.outcomes) for pair in pairs()) >= 150
