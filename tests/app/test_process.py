"""The application as a process: starting, refusing to start, crashing, stopping."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any

import pytest

from tests.app.application import APP, NO_DATABASE, NODE, Application, ask, eventually, free_port
from tests.app.database import Database


def test_npm_start_serves_without_a_database() -> None:
    """With PORT and DB_CONNECTION_STRING alone."""
    application = Application(command=("npm", "start"))
    application.environment = {"NODE_ENV": "", "HOME": os.environ.get("HOME", "/")}
    with application:
        assert application.ask().status == 200


def test_starts_quickly() -> None:
    application = Application()
    start = time.monotonic()
    with application:
        # The measured figure is the benchmark's; this one leaves room for a busy machine.
        assert time.monotonic() - start < 3


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORT": "eighty"}, 'PORT is "eighty"; expected a whole number from 1 to 65535'),
        ({"PORT": "0"}, 'PORT is "0"'),
        ({"PORT": "65536"}, 'PORT is "65536"'),
        ({"PORT": "80.5"}, 'PORT is "80.5"'),
        ({"PORT": "-1"}, 'PORT is "-1"'),
        ({"DB_CONNECTION_STRING": ""}, "DB_CONNECTION_STRING is missing"),
        ({"DB_CONNECTION_STRING": "http://u:hush-hush@h/"}, "DB_CONNECTION_STRING does not start with mongodb://"),
        ({"DB_CONNECTION_STRING": "mongodb://u:hush-hush/x@h/d"}, "DB_CONNECTION_STRING is malformed"),
        ({"DB_CONNECTION_STRING": "mongodb://u:hush-hush@h:port/d"}, "DB_CONNECTION_STRING is malformed"),
        ({"DB_CONNECTION_STRING": "mongodb://u:hush-hush@h/d?no=such"}, "DB_CONNECTION_STRING is malformed"),
        ({"WEB_CONCURRENCY": "many"}, 'WEB_CONCURRENCY is "many"'),
    ],
)
def test_refuses_a_bad_environment(environment: dict[str, str], said: str, workers: str) -> None:
    """One line, an exit code of its own, and no password."""
    port = free_port()
    application = Application()
    application.environment = {"PORT": str(port), "WEB_CONCURRENCY": workers, **environment}
    application.start()
    assert application.process.wait(10) == 2
    assert application.stderr.startswith("phoenix: ")
    assert said in application.stderr
    assert application.stderr.count("\n") == 1
    assert application.stdout == ""
    assert "hush-hush" not in application.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_refuses_a_port_in_use(workers: str) -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as taken:
        application = Application({"PORT": str(taken.getsockname()[1]), "WEB_CONCURRENCY": workers})
        application.start()
        assert application.process.wait(10) == 2
    assert "EADDRINUSE" in application.stderr
    assert application.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["/crash", "/crash/", "/CRASH?x=1"])
def test_crash_ends_the_process(path: str) -> None:
    with Application() as application:
        application.ask("/before")
        with application.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(100) == b""
        assert application.process.wait(5) == 1
        before, error, *stack = application.stdout.splitlines()
    assert '"GET /before HTTP/1.1" 404' in before
    assert error == "Error: Requested crash by endpoint /crash"
    assert stack
    assert all(line.startswith("    at ") for line in stack)


def test_crash_does_not_wait_for_a_key() -> None:
    """Nor for anything else that is under way."""
    with Application() as application:
        clients = [application.connect() for _ in range(20)]
        for client in clients:
            client.sendall(b"GET /generatecert HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: application.health()["certificates"]["waiting"] > 5)
        started = application.processes()
        start = time.monotonic()
        application.crash()
        assert application.process.wait(5) == 1
        assert time.monotonic() - start < 0.5
        # The process that makes the keys leaves too.
        eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started))


def test_other_methods_do_not_crash() -> None:
    with Application() as application:
        assert application.ask("/crash", "POST").status == 404
        assert application.ask("/crash", "OPTIONS").headers["Allow"] == "GET,HEAD"
        assert application.ask("/crash/more").status == 404
        assert '"POST /crash HTTP/1.1" 404' in application.stdout


def test_a_crashed_worker_is_replaced_while_the_other_serves() -> None:
    """A crash every 1.5 s: nobody else notices, but for a request that the same worker had at that moment."""
    statuses: list[Any] = []
    with Application({"WEB_CONCURRENCY": "2"}) as application:
        stop = threading.Event()

        def others() -> None:
            while not stop.is_set():
                try:
                    statuses.append(application.ask(timeout=5).status)
                except OSError as error:
                    statuses.append(type(error).__name__)

        client = threading.Thread(target=others)
        client.start()
        for _ in range(5):
            application.crash()
            time.sleep(1.5)
        stop.set()
        client.join()
        assert application.process.poll() is None
        assert application.stderr.count("died (exit code 1)") == 5
        assert application.stdout.count("Error: Requested crash by endpoint /crash") == 5
    assert len(statuses) > 200
    # The client always has a request under way: at most one a crash can be with the worker that dies, and is told so.
    lost = [status for status in statuses if status != 200]
    assert len(lost) <= 5, lost
    assert set(lost) <= {"ConnectionResetError", "RemoteDisconnected"}


def test_a_storm_of_crashes_ends_the_primary() -> None:
    with Application({"WEB_CONCURRENCY": "2"}) as application:
        deadline = time.monotonic() + 20
        while application.process.poll() is None and time.monotonic() < deadline:
            try:
                application.crash()
            except OSError:
                time.sleep(0.05)
        assert application.process.wait(1) == 1
        assert application.stderr.count("died (exit code 1)") == 11
        assert application.stderr.endswith("more than 10 workers died within 10 s, giving up\n")
        eventually(lambda: not _listens(application.port))


def _listens(port: int) -> bool:
    try:
        ask(port, timeout=1)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_finishes_what_is_in_flight(database: Database, trusting: dict[str, str], workers: str) -> None:
    """And flushes the log, closes idle connections, takes no new ones."""
    environment = {**trusting, "DB_CONNECTION_STRING": database.connection_string(), "WEB_CONCURRENCY": workers}
    with Application(environment) as application:
        idle = application.connect()
        idle.sendall(b"GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 404")
        # Like a load balancer, they would keep their connections.
        clients = [application.connect() for _ in range(24)]
        for client in clients:
            client.sendall(b"GET /generatecert HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.4)  # all have been read by now, and so many keys take longer than that
        start = time.monotonic()
        assert application.terminate() == 0
        assert time.monotonic() - start < 15
        for client in clients:
            assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
        while idle.recv(4096):
            pass
        assert not _listens(application.port)
        stdout = application.stdout
    assert len(stdout.splitlines()) == 25
    assert sorted(database.lines()) == sorted(stdout.splitlines())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_to_the_whole_group(workers: str) -> None:
    """As from a terminal, or an init process that passes signals on to all."""
    application = Application({"WEB_CONCURRENCY": workers}, command=("setsid", NODE, "src/main.js"))
    with application:
        before = len(application.processes())
        client = threading.Thread(target=lambda: application.ask("/generatecert"))
        client.start()
        eventually(lambda: len(application.processes()) > before)  # the one that makes the certificate has started
        os.killpg(application.process.pid, signal.SIGTERM)
        assert application.process.wait(15) == 0
        client.join()
        assert application.stdout.count(" 200 ") == 1


def test_a_client_that_dawdles_does_not_hold_the_process() -> None:
    with Application() as application, application.connect() as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # and no end of the headers
        start = time.monotonic()
        assert application.terminate(30) == 0
        assert time.monotonic() - start < 30  # the stop timeout of the task definition
        assert "closing their connections" in application.stderr


def test_environment_is_documented() -> None:
    readme = (APP / "README.md").read_text()
    for name in ("PORT", "DB_CONNECTION_STRING", "WEB_CONCURRENCY", "NODE_ENV", "NODE_EXTRA_CA_CERTS"):
        assert f"`{name}`" in readme
    assert NO_DATABASE.startswith("mongodb://")
