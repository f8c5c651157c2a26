"""Visitors: how many of them there are, and what they say of requests without an answer."""

from __future__ import annotations

import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

from phoenix_cfn.local.visitors import Visitors
from tests.deployment.stage import eventually


class Silent:
    """A gateway that takes connections and answers none of them until it has ended."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while True:
                self.taken.append(self._listening.accept()[0])
        except OSError:
            return  # It has ended.

    def stage(self) -> Any:
        """One whose application is behind this gateway."""
        port = self._listening.getsockname()[1]
        return SimpleNamespace(address="http://example", aws=SimpleNamespace(settings=SimpleNamespace(port=port)))

    def end(self) -> None:
        """Closes every connection, as a process that ends does."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self.taken:
            each.close()


def test_at_most_the_requests_of_two_seconds_wait_for_an_answer() -> None:
    gateway = Silent()
    with Visitors(gateway.stage(), rate=10, timeout=60) as visitors:
        eventually(lambda: len(gateway.taken) >= 20, 5, "twenty requests wait")
        time.sleep(1)
        assert len(gateway.taken) == 20
        assert visitors.visits == []
        gateway.end()


def test_a_request_without_an_answer_says_why() -> None:
    gateway = Silent()
    with Visitors(gateway.stage(), rate=10, timeout=0.1) as visitors:
        time.sleep(0.5)
    gateway.end()
    assert {(each.status, each.error) for each in visitors.failed} == {(0, "TimeoutError('timed out')")}
