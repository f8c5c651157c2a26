"""What a long command prints: a line for each part, with its time."""

from __future__ import annotations

import io
import re
import time

import pytest

from phoenix_cfn.local.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_part_says_how_long_it_took() -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    with shown.part("Images"):
        shown.note("pulling debian")
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["Images ...", "  pulling debian"]
    assert re.fullmatch(r"Images: took \d+\.\d s", lines[2])


def test_a_part_that_fails_says_so() -> None:
    stream = io.StringIO()
    with pytest.raises(LookupError), Progress(stream).part("Images"):
        raise LookupError
    assert re.search(r"Images: failed after \d+\.\d s\n$", stream.getvalue())


def test_details_come_every_few_seconds_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = io.StringIO(), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    shown = Progress(stream)
    with shown.part("Build"):
        for seconds, text in ((1, "soon"), (6, "one"), (7, "two"), (20, "one"), (30, ""), (40, "three\nfour")):
            now[0] = 100.0 + seconds
            shown.detail(text)
    assert [line.split("  ")[-1] for line in stream.getvalue().splitlines()[1:-1]] == ["one", "four"]


def test_on_a_terminal_the_line_of_the_part_is_overwritten() -> None:
    stream = Terminal()
    shown = Progress(stream)
    with shown.part("Build"):
        shown.detail("step 1 of 2")
        shown.detail("step 2 of 2")
    lines = stream.getvalue().split("\r\x1b[K")
    assert [line.partition("  ")[2] for line in lines if "step" in line] == ["step 1 of 2", "step 2 of 2"]
    assert stream.getvalue().count("\n") == 1
