"""Tables in docs/ that the tests write when PHOENIX_RECORD is set and nothing failed, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pytest

from tests.deployment import REPOSITORY_ROOT


@dataclass(frozen=True)
class Part:
    """What one process has of a table. `page`: the file; `mark`: the name of the table in it; `lines`: between the
    head of the table and the text below it.
    """

    page: str
    mark: str
    head: list[str]
    lines: list[str]
    below: str

    def text(self) -> str:
        """In Markdown."""
        return "\n".join([*self.head, *self.lines, "", self.below])


_PARTS = pytest.StashKey[list[Part]]()


def keep(config: pytest.Config, part: Part) -> None:
    """Until the end of the session; a process of pytest-xdist hands it over."""
    if hasattr(config, "workeroutput"):
        config.workeroutput.setdefault("recorded", []).append(asdict(part))
    else:
        config.stash.setdefault(_PARTS, []).append(part)


def write(session: pytest.Session) -> None:
    """At the end of the session, where that is wanted."""
    parts = session.config.stash.get(_PARTS, [])
    if os.environ.get("PHOENIX_RECORD") and not session.testsfailed:
        for page, mark in {(each.page, each.mark) for each in parts}:
            _replace(page, mark, merged(each for each in parts if (each.page, each.mark) == (page, mark)))


def merged(parts: Iterable[Part]) -> str:
    """The table of one process as it is; that of several by the first two cells of each line."""
    first, *others = parts
    lines = [line for part in (first, *others) for line in part.lines]
    if others:
        lines.sort(key=lambda line: line.split("|")[1:3])
    return Part(first.page, first.mark, first.head, lines, first.below).text()


def _replace(page: str, mark: str, text: str) -> None:
    path = REPOSITORY_ROOT / page
    begin, end = f"<!-- {mark}: written by the test run -->", f"<!-- end of {mark} -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
