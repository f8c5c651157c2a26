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


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def test_details_come_every_few_seconds_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = io.StringIO(), Clock(monkeypatch)
    shown = Progress(stream)
    with shown.part("Build"):
        for seconds, text in ((1, "soon"), (6, "one"), (7, "two"), (20, "one"), (30, ""), (40, "three\nfour")):
            clock.now = 100.0 + seconds
            shown.detail(text.strip)
    assert [line.split("  ")[-1] for line in stream.getvalue().splitlines()[1:-1]] == ["one", "four"]


def test_a_detail_that_is_not_shown_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    shown = Progress(io.StringIO())
    made = []

    def text() -> str:
        made.append(clock.now)
        return "the same"

    with shown.part("Build"):
        for seconds in range(1, 12):
            clock.now = 100.0 + seconds
            shown.detail(text)
    assert made == [105.0, 110.0]


def test_on_a_terminal_the_line_of_the_part_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = Terminal(), Clock(monkeypatch)
    shown = Progress(stream)
    with shown.part("Build"):
        for text in ("step 1 of 2", "step 2 of 2"):
            clock.now += 1
            shown.detail(text.strip)
    lines = stream.getvalue().split("\r\x1b[K")
    assert [line.partition("  ")[2] for line in lines if "step" in line] == ["step 1 of 2", "step 2 of 2"]
    assert stream.getvalue().count("\n") == 1
