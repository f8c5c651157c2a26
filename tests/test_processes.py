"""Two tasks in two processes give what they give in one, errors too."""

from __future__ import annotations

import os
import threading

import pytest

from phoenix_cfn import processes
from phoenix_cfn.processes import side_by_side

HERE = os.getpid()


@pytest.fixture(params=[True, False], ids=["in two processes", "in one"])
def copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(processes, "_copies", lambda: request.param)
    return bool(request.param)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of the copies that a test makes."""
    pids: list[int] = []
    plain = os.fork

    def fork() -> int:
        pid = plain()
        if pid:
            pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", fork)
    return pids


def assert_ended(pids: list[int]) -> None:
    for pid in pids:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_both_results(copies: bool) -> None:
    one, other = side_by_side(os.getpid, os.getpid)
    assert (one != HERE) == copies
    assert other == HERE


def test_a_large_result_arrives_whole(copies: bool) -> None:
    assert side_by_side(lambda: "x" * 1_000_000, lambda: "y") == ("x" * 1_000_000, "y")


@pytest.mark.parametrize("bad", [0, 1])
def test_an_error_of_either_is_raised_here(
    copies: bool, forked: list[int], bad: int, capfd: pytest.CaptureFixture[str]
) -> None:
    tasks = [lambda: 1, lambda: 1]
    tasks[bad] = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        side_by_side(*tasks)
    assert capfd.readouterr() == ("", "")
    assert len(forked) == copies
    assert_ended(forked)


def test_the_work_of_a_copy_that_ends_too_early_is_repeated(copies: bool) -> None:
    assert side_by_side(lambda: os.getpid() if os.getpid() == HERE else os._exit(9), lambda: 2) == (HERE, 2)


def test_an_interrupt_ends_the_copy_too(copies: bool, forked: list[int]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side(lambda: threading.Event().wait(60) if os.getpid() != HERE else 1, interrupted)
    assert len(forked) == copies
    assert_ended(forked)


def test_with_other_threads_there_is_one_process() -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    try:
        assert side_by_side(os.getpid, os.getpid) == (HERE, HERE)
    finally:
        release.set()
        thread.join()
