"""What the tests record in docs/ is the same table, whichever processes ran them."""

from __future__ import annotations

import pytest

from tests.deployment.recorded import Part, merged

HEAD = ["| | what |", "|---|---|"]


def part(*lines: str) -> Part:
    return Part("docs/page.md", "results", HEAD, list(lines), "one machine")


def test_the_table_of_one_process_is_as_it_is() -> None:
    assert merged([part("| b | first |", "| a | second |")]).splitlines() == [
        *HEAD,
        "| b | first |",
        "| a | second |",
        "",
        "one machine",
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_parts_of_several_processes_are_sorted_by_their_first_cells(order: tuple[int, ...]) -> None:
    parts = [part("| R1 | up |", "| R5 | release |"), part(), part("| R2 | crash |", "| R5 | bad release |")]
    lines = merged(parts[number] for number in order).splitlines()[2:-2]
    assert lines == ["| R1 | up |", "| R2 | crash |", "| R5 | bad release |", "| R5 | release |"]
