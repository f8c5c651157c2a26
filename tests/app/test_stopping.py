"""SIGTERM loses no request: not on connections that are reused, not on new ones, not in the kernel's queue."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter

import pytest

from tests.app.application import Application, eventually

CLIENTS = 200
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def answer(connection: socket.socket) -> bytes:
    """One whole answer, or what came of it."""
    received = b""
    while not received.endswith(b"</html>\n"):
        piece = connection.recv(4096)
        if not piece:
            break
        received += piece
    return received


class Clients:
    """Each sends the next request after each response, until the application refuses its connection."""

    def __init__(self, application: Application, reuse: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._application, self._reuse = application, reuse
        self._threads = [threading.Thread(target=self._loop, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _loop(self) -> None:
        while True:
            try:
                connection = self._application.connect()
            except ConnectionResetError:
                continue  # The port closed while the connection waited in its queue: nothing was sent.
            except ConnectionRefusedError:
                return
            with connection:
                kept = True
                while kept:
                    self.counts["sent"] += 1
                    try:
                        connection.sendall(REQUEST)
                        received = answer(connection)
                    except OSError as error:
                        received = b""
                        self.counts[type(error).__name__] += 1
                    self.counts["answered" if received.startswith(b"HTTP/1.1 200 ") else "lost"] += 1
                    kept = self._reuse and b"\r\nConnection: close\r\n" not in received and received != b""

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.mark.parametrize("reuse", [True, False], ids=["reused", "fresh"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_request_of_200_busy_clients_is_lost(workers: str, reuse: bool) -> None:
    with Application({"WEB_CONCURRENCY": workers}) as application:
        clients = Clients(application, reuse)
        eventually(lambda: clients.counts["answered"] > 2 * CLIENTS)
        assert application.terminate() == 0
        clients.join()
    assert clients.counts["lost"] == 0, clients.counts
    assert clients.counts["answered"] >= 3 * CLIENTS


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_the_kernel_has_queued_is_answered(workers: str) -> None:
    """The processes are held while clients connect and send: nothing is accepted before they are to stop."""
    with Application({"WEB_CONCURRENCY": workers}) as application:
        held = application.processes()
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        clients = [application.connect() for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(REQUEST)
        application.process.send_signal(signal.SIGTERM)
        for pid in held:
            os.kill(pid, signal.SIGCONT)
        for client in clients:
            assert answer(client).startswith(b"HTTP/1.1 200 ")
            client.close()
        assert application.process.wait(60) == 0
        assert application.stdout.count('"GET / HTTP/1.1" 200 ') == CLIENTS


def idle(application: Application, count: int) -> list[socket.socket]:
    """Connections that have had an answer and are kept."""
    clients = [application.connect() for _ in range(count)]
    for client in clients:
        client.sendall(REQUEST)
        assert b"\r\nConnection: keep-alive\r\n" in answer(client)
    return clients


# A connection that is kept is closed a second after the process has accepted its last one.
IDLE = 1.0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_on_an_idle_connection_is_answered_with_close(workers: str) -> None:
    """A connection that stays idle is closed, and is not waited for until time runs out."""
    with Application({"WEB_CONCURRENCY": workers}) as application:
        busy, quiet = idle(application, 20), idle(application, 20)
        application.process.send_signal(signal.SIGTERM)
        signalled = time.monotonic()
        for client in busy:
            client.sendall(REQUEST)
        last_answers = []
        for client in busy:
            last = answer(client)
            # The signal may come behind the first requests. On a busy machine the next one may come too late.
            while b"\r\nConnection: keep-alive\r\n" in last and time.monotonic() < signalled + IDLE:
                client.sendall(REQUEST)
                last = answer(client)
            assert last.startswith(b"HTTP/1.1 200 ")
            assert client.recv(1) == b""
            last_answers.append(last)
        assert any(b"\r\nConnection: close\r\n" in each for each in last_answers)
        for client in quiet:
            assert client.recv(1) == b""
        assert application.process.wait(60) == 0
        assert "closing their connections" not in application.stderr


def test_a_connection_that_never_sent_anything_does_not_hold_the_process() -> None:
    with Application() as application, application.connect() as silent:
        assert application.ask().status == 200
        assert application.terminate() == 0
        assert silent.recv(1) == b""
        assert "closing their connections" not in application.stderr


def test_the_requests_behind_one_another_on_a_connection_are_all_answered() -> None:
    """Those from before the signal and those from after it: the last answer alone says close."""
    with Application() as application, application.connect() as client:
        with application.held_maker():
            client.sendall(b"GET /generatecert HTTP/1.1\r\nHost: x\r\n\r\n" + REQUEST)
            eventually(lambda: application.health()["certificates"]["waiting"] == 1)
            application.process.send_signal(signal.SIGTERM)
            eventually(lambda: refuses(application))
            client.sendall(REQUEST * 3)
        received = b"".join(iter(lambda: client.recv(65536), b""))
        assert application.process.wait(60) == 0
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 5
    assert received.count(b"\r\nConnection: close\r\n") == 1
    assert received.rindex(b"Connection: close") > received.rindex(b"HTTP/1.1 200 OK")


def refuses(application: Application) -> bool:
    try:
        application.connect().close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # The port closed while the connection waited in its queue.
    return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_stopped_by_itself_is_replaced(end: signal.Signals) -> None:
    """The others serve meanwhile, and what it had under way is answered."""
    with Application({"WEB_CONCURRENCY": "2"}) as application:
        workers = application.processes()[1:]
        clients = idle(application, 10)
        os.kill(workers[0], end)
        for client in clients:
            client.sendall(REQUEST)
        for client in clients:
            assert answer(client).startswith(b"HTTP/1.1 200 ")
        eventually(lambda: application.stderr.count("listens on port") == 3)
        assert application.ask().status == 200
