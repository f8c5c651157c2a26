"""What a long command is doing: a line for each part, with how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

# Seconds between two lines about the same part: where a line is overwritten, and elsewhere.
_PAUSES = {True: 1.0, False: 5.0}
_WIDTH = 100


class Progress:
    """On a terminal, the line of the part under way is overwritten; elsewhere, a line is added every few seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._part, self._began, self._last = "", self._start, ("", 0.0)
        # Titles of parts, and the seconds that each took.
        self.parts: list[tuple[str, float]] = []

    @contextmanager
    def part(self, title: str) -> Iterator[None]:
        """Prints the title, and in the end how long it took. A part that fails ends with its time as well."""
        self._part, self._began, self._last = title, time.monotonic(), ("", time.monotonic())
        self._write(f"{title} ...", ends=not self._terminal)
        outcome = "failed after"
        try:
            yield
            outcome = "took"
        finally:
            self.measured(title, time.monotonic() - self._began)
            self._write(f"{title}: {outcome} {self._seconds()}", ends=True)

    def measured(self, title: str, seconds: float) -> None:
        """A part that has been measured elsewhere."""
        self.parts.append((title, seconds))

    def detail(self, text: Callable[[], str]) -> None:
        """What goes on within the part; `text` is called only where its result can be shown."""
        said, when = self._last
        now = time.monotonic()
        if now - when < _PAUSES[self._terminal]:
            return
        line = text().strip().rpartition("\n")[2]
        self._last = (line or said, now)
        if line in ("", said):
            return
        if self._terminal:
            self._write(f"{self._part} ... {self._seconds()}  {line}", ends=False)
        else:
            self._write(f"  {self._seconds():>7}  {line}", ends=True)

    def note(self, text: str) -> None:
        """A line that stays."""
        self._write(f"  {text}", ends=True)

    def seconds(self) -> str:
        """Since the beginning of all."""
        return f"{time.monotonic() - self._start:.0f} s"

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.1f} s"

    def _write(self, text: str, ends: bool) -> None:
        with self._lock:
            if self._terminal:
                # Back to the begin of the line, and what is left of the one before goes.
                text = f"\r\x1b[K{text if ends else text[:_WIDTH]}"
            self._stream.write(text + ("\n" if ends else ""))
            self._stream.flush()
