"""The application as a process: starting, refusing to start, crashing, stopping."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.app.application import (
    NO_DATABASE,
    Application,
    ask,
    cpu_seconds,
    eventually,
    has_ended,
)
from tests.app.database import Database
from tests.app.nodes import APP

# What Node.js itself does with processes is tried with each version that is here; the rest, with the image's.
with_each_node = pytest.mark.usefixtures("each_node")


@with_each_node
def test_npm_start_serves_without_a_database() -> None:
    """With PORT and DB_CONNECTION_STRING alone."""
    application = Application(command=("npm", "start"))
    application.environment = {"NODE_ENV": "", "HOME": os.environ.get("HOME", "/")}
    with application:
        assert application.ask().status == 200


def test_starts_quickly() -> None:
    """In CPU time; how long it takes with a core of its own is the benchmark's to say."""
    with Application() as application:
        assert cpu_seconds(application.process.pid) < 1


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
        ({"NODE_EXTRA_CA_CERTS": "/no/such.pem"}, 'NODE_EXTRA_CA_CERTS is "/no/such.pem"'),
        ({"NODE_EXTRA_CA_CERTS": "package.json"}, 'NODE_EXTRA_CA_CERTS is "package.json"'),
    ],
)
def test_refuses_a_bad_environment(environment: dict[str, str], said: str, workers: str) -> None:
    """One line, an exit code of its own, and no password."""
    application = Application(serves=False)
    application.environment = {"WEB_CONCURRENCY": workers, **environment}
    with application:
        assert application.process.wait(60) == 2
    # Node.js 20 has its own word on the file.
    (line,) = (line for line in application.stderr.splitlines() if not line.startswith("Warning: Ignoring extra certs"))
    assert line.startswith("phoenix: ")
    assert said in line
    assert application.stdout == ""
    assert "hush-hush" not in application.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_refuses_a_port_in_use(workers: str) -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as taken:
        environment = {"PORT": str(taken.getsockname()[1]), "WEB_CONCURRENCY": workers}
        with Application(environment, serves=False) as application:
            assert application.process.wait(60) == 2
    assert "EADDRINUSE" in application.stderr
    assert application.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["/crash", "/crash/", "/CRASH?x=1"])
def test_crash_ends_the_process(path: str) -> None:
    with Application() as application:
        application.ask("/before")
        with application.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(100) == b""
        assert application.process.wait(60) == 1
        before, error, *stack = application.stdout.splitlines()
    assert '"GET /before HTTP/1.1" 404' in before
    assert error == "Error: Requested crash by endpoint /crash"
    assert stack
    assert all(line.startswith("    at ") for line in stack)


def test_crash_does_not_wait_for_a_key() -> None:
    """It ends while none can come."""
    with Application() as application:
        with application.held_maker():
            clients = [application.asking_for_a_certificate() for _ in range(20)]
            started = application.processes()
            application.crash()
            assert application.process.wait(60) == 1
        # The process that makes the keys leaves too.
        eventually(lambda: all(map(has_ended, started)))
        for client in clients:
            client.close()


def test_keys_are_made_at_low_priority() -> None:
    """Of the process, and of its session where the kernel shares the CPU among sessions first (autogroups)."""
    with Application() as application:
        assert application.ask("/generatecert").status == 200
        (maker,) = application.makers()
        assert os.getpriority(os.PRIO_PROCESS, maker) == 10
        with contextlib.suppress(FileNotFoundError):
            assert Path(f"/proc/{maker}/autogroup").read_text().endswith(" nice 10\n")


def test_other_methods_do_not_crash() -> None:
    with Application() as application:
        assert application.ask("/crash", "POST").status == 404
        assert application.ask("/crash", "OPTIONS").headers["Allow"] == "GET,HEAD"
        assert application.ask("/crash/more").status == 404
        assert '"POST /crash HTTP/1.1" 404' in application.stdout


@with_each_node
def test_a_crashed_worker_is_replaced_while_the_other_serves() -> None:
    """No other request fails, except one of the same worker at that moment."""
    statuses: list[Any] = []
    with Application({"WEB_CONCURRENCY": "2"}) as application:
        stop = threading.Event()

        def others() -> None:
            while not stop.is_set():
                try:
                    statuses.append(application.ask().status)
                except OSError as error:
                    statuses.append(type(error).__name__)

        client = threading.Thread(target=others)
        client.start()
        try:
            for replaced in range(1, 6):
                served = len(statuses)
                application.crash()
                eventually(lambda: application.stderr.count("listens on port") == 2 + replaced)  # noqa: B023
                eventually(lambda: len(statuses) > served + 20)  # noqa: B023
        finally:
            stop.set()
            client.join()
        assert application.process.poll() is None
        assert application.stderr.count("died (exit code 1)") == 5
        assert application.stdout.count("Error: Requested crash by endpoint /crash") == 5
    # The client always has a request in progress: at most one for each crash is with the worker that exits, and fails.
    lost = [status for status in statuses if status != 200]
    assert len(lost) <= 5, lost
    assert set(lost) <= {"ConnectionResetError", "RemoteDisconnected"}


def test_a_storm_of_crashes_loses_nothing_but_what_crashed() -> None:
    """Ten times what ends the task where workers cannot start, as fast as they are taken, with a page after each."""
    with Application({"WEB_CONCURRENCY": "2"}) as application:
        for _ in range(50):
            assert application.crash() == b""
            # It waits in the queue when no worker is there at that moment.
            assert application.ask().status == 200
        assert application.process.poll() is None
        eventually(lambda: application.stderr.count("listens on port") == 52)
        assert application.stderr.count("died (exit code 1)") == 50
        assert application.stdout.count("Error: Requested crash by endpoint /crash") == 50
        assert "giving up" not in application.stderr


def test_a_worker_that_crashes_has_not_loaded_the_driver() -> None:
    """But the first one, which reads the connection string with it before it listens."""
    with Application({"WEB_CONCURRENCY": "2", "NODE_DEBUG": "module"}) as application:
        for _ in range(10):
            application.crash()
        eventually(lambda: application.stderr.count("listens on port") == 12)
        loads = set(re.findall(r"^MODULE (\d+): load .*/node_modules/mongodb/lib/index.js", application.stderr, re.M))
        # A worker that lived for a second in between may have.
        assert len(loads) < 6
        eventually(lambda: application.health()["database"] == "unreachable")


def test_gives_up_when_workers_die_before_they_listen(tmp_path: Path) -> None:
    """As many as there are attempts, not more; the orchestrator starts the task again."""
    dies = tmp_path / "dies.cjs"
    dies.write_text("if (process.argv[2] === 'worker') process.exit(7);")
    environment = {"WEB_CONCURRENCY": "2", "NODE_OPTIONS": f"--require={dies}"}
    with Application(environment, serves=False) as application:
        assert application.process.wait(60) == 1
    assert application.stderr.count("died (exit code 7)") == 5
    assert application.stderr.endswith("5 workers in a row died before they listened, giving up\n")


def test_workers_that_cannot_start_do_not_end_those_that_serve(tmp_path: Path) -> None:
    """Nor are they started in a loop without a pause."""
    dies, flag = tmp_path / "dies.cjs", tmp_path / "flag"
    dies.write_text(f"if (process.argv[2] === 'worker' && require('fs').existsSync('{flag}')) process.exit(7);")
    environment = {"WEB_CONCURRENCY": "2", "NODE_OPTIONS": f"--require={dies}"}
    with Application(environment) as application:
        flag.touch()
        os.kill(application.processes()[1], signal.SIGKILL)
        eventually(lambda: application.stderr.count("died (exit code 7)") > 6)
        assert application.ask().status == 200
        flag.unlink()
        eventually(lambda: application.stderr.count("listens on port") == 3)


def _listens(port: int) -> bool:
    try:
        ask(port, "/health", timeout=1)
    except OSError:
        return False
    return True


@with_each_node
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_finishes_what_is_in_flight(database: Database, trusting: dict[str, str], workers: str) -> None:
    """And flushes the log, closes idle connections, takes no new ones."""
    environment = {**trusting, "DB_CONNECTION_STRING": database.connection_string(), "WEB_CONCURRENCY": workers}
    with Application(environment) as application:
        idle = application.connect()
        idle.sendall(b"GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 404")
        # Like a load balancer, they would keep their connections.
        clients = [application.announcing_a_body(2) for _ in range(3)]
        application.process.send_signal(signal.SIGTERM)
        eventually(lambda: not _listens(application.port))
        for client in clients:
            client.sendall(b"{}")
        assert application.process.wait(60) == 0
        for client in clients:
            assert client.recv(4096).startswith(b"HTTP/1.1 404 ")
        while idle.recv(4096):
            pass
        assert not _listens(application.port)
        # Nor did it have to wait for those who keep theirs.
        assert "closing their connections" not in application.stderr
        stdout = application.stdout
    assert len(stdout.splitlines()) == 4
    assert sorted(database.lines()) == sorted(stdout.splitlines())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_to_the_whole_group(workers: str) -> None:
    """As from a terminal, or an init process that passes signals on to all."""
    application = Application({"WEB_CONCURRENCY": workers}, command=("setsid", "node", "src/main.js"))
    with application:
        client = threading.Thread(target=lambda: application.ask("/generatecert"))
        client.start()
        eventually(application.makers)
        os.killpg(application.process.pid, signal.SIGTERM)
        assert application.process.wait(60) == 0
        client.join()
        assert application.stdout.count(" 200 ") == 1


def test_sigterm_while_the_first_worker_starts() -> None:
    """The worker requests the port from the primary, and gets it when the primary is already stopping."""
    with socket.create_server(("127.0.0.1", 0)) as database:
        database.settimeout(60)
        url = f"mongodb://127.0.0.1:{database.getsockname()[1]}/phoenix"
        with Application({"WEB_CONCURRENCY": "2", "DB_CONNECTION_STRING": url}, serves=False) as application:
            eventually(lambda: len(application.processes()) == 2)
            primary = application.process.pid
            os.kill(primary, signal.SIGSTOP)
            database.accept()  # the worker is that far: it has asked for the port, and waits
            os.kill(primary, signal.SIGTERM)
            os.kill(primary, signal.SIGCONT)
            assert application.process.wait(60) == 0


@with_each_node
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("end", ["/crash", "SIGTERM"])
def test_no_line_is_lost_in_a_pipe(database: Database, trusting: dict[str, str], workers: str, end: str) -> None:
    """A container's stdout is one, and its reader may be late: four times what a pipe holds, and then the end."""
    environment = {**trusting, "DB_CONNECTION_STRING": database.connection_string(), "WEB_CONCURRENCY": workers}
    agent = "x" * 2000
    read, write = os.pipe()
    output: list[str] = []
    with open(read) as pipe:

        def read_late() -> None:
            time.sleep(2)  # what is not written by now, because the process has ended, never will be
            output.extend(pipe.read().splitlines())

        reader = threading.Thread(target=read_late, daemon=True)
        try:
            with Application(environment, stdout_to=write) as application:
                reader.start()
                for number in range(130):
                    assert application.ask(f"/{number}", headers={"User-Agent": agent}).status == 404
                if end == "/crash":
                    application.crash()
                if end == "/crash" and workers == "1":
                    assert application.process.wait(60) == 1
                else:
                    assert application.terminate() == 0
        finally:
            os.close(write)
        reader.join(60)
    requests = [line for line in output if line.endswith(f'"{agent}"')]
    assert sorted(line.split('"')[1] for line in requests) == sorted(f"GET /{number} HTTP/1.1" for number in range(130))
    others = [line for line in output if line not in requests]
    if end == "/crash":
        assert others.pop(0) == "Error: Requested crash by endpoint /crash"
        assert others
    assert all(line.startswith("    at ") for line in others)


def test_environment_is_documented() -> None:
    readme = (APP / "README.md").read_text()
    for name in ("PORT", "DB_CONNECTION_STRING", "WEB_CONCURRENCY", "NODE_ENV", "NODE_EXTRA_CA_CERTS"):
        assert f"`{name}`" in readme
    assert NO_DATABASE.startswith("mongodb://")
