"""Two tasks side by side, in two processes."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def side_by_side(one: Callable[[], T], other: Callable[[], T]) -> tuple[T, T]:
    """Both results: `other` runs here, `one` in a copy of this process, which starts with all that is loaded here.

    Where there is one core or no safe copy, and where the copy fails, `one` runs here as well, so that its error is
    raised here.
    """
    if not _copies():
        return one(), other()
    reader, writer = os.pipe()
    copy = os.fork()
    if copy == 0:
        _send(writer, one)
    os.close(writer)
    try:
        second = other()
        with os.fdopen(reader, "rb", closefd=False) as pipe:
            sent = pipe.read()
    except BaseException:
        os.kill(copy, signal.SIGKILL)
        raise
    finally:
        os.close(reader)
        os.waitpid(copy, 0)
    return (pickle.loads(sent) if sent else one()), second


def _copies() -> bool:
    # Other systems have no fork, or libraries that do not stand it; a copy has one thread, whatever others held.
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


def _send(writer: int, task: Callable[[], Any]) -> None:
    """Writes the whole result, or nothing, and ends the copy without a word."""
    try:
        content = pickle.dumps(task())
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content)
    finally:
        os._exit(0)
