"""Runs two functions in parallel, in two processes."""

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
    """The results of both functions: `other` runs in this process, `one` in a fork of it, with all loaded modules.

    With one core, without a safe fork, or if the fork fails, `one` also runs in this process, which raises its error.
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
    # Other systems have no fork, or libraries that do not support it; a fork has one thread, and locks stay locked.
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


def _send(writer: int, task: Callable[[], Any]) -> None:
    """Writes the complete result, or nothing, and exits the fork without output."""
    try:
        content = pickle.dumps(task())
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content)
    finally:
        os._exit(0)
