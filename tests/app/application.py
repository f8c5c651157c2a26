"""Runs the application as a process on loopback, and sends requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tests.app import nodes
from tests.app.nodes import APP

NO_DATABASE = "mongodb://127.0.0.1:1/phoenix"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Waits until the condition is true; fails when that takes longer than the given time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(0.02)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    port: int,
    path: str = "/",
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 60,
) -> Answer:
    """One request on a connection of its own."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        start = time.monotonic()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
        return Answer(response.status, response.headers, content, time.monotonic() - start)


@dataclass
class Application:
    """The application with the given environment on top of PORT and DB_CONNECTION_STRING; a context manager.

    Entered when it serves, unless it is not expected to. Writes to files, or its stdout to the given file descriptor.
    """

    environment: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ("node", "src/main.js")
    stdout_to: int | None = None
    serves: bool = True

    def __post_init__(self) -> None:
        self.port = int(self.environment.get("PORT") or free_port())
        # Closed with this object: what was written is read after the process has ended.
        self._stdout = TemporaryFile()  # noqa: SIM115
        self._stderr = TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Application:
        self.start()
        if self.serves:
            eventually(self._listens)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        if exception[0] is not None:
            print(self.stderr)

    def start(self) -> None:
        # Nothing of this machine's environment but what makes a command run: what the contract names is enough.
        environment = {
            "PATH": nodes.path(),
            "PORT": str(self.port),
            "DB_CONNECTION_STRING": NO_DATABASE,
            "NODE_ENV": "production",
        }
        environment.update(self.environment)
        self.process = subprocess.Popen(
            self.command,
            cwd=APP,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._stdout if self.stdout_to is None else self.stdout_to,
            stderr=self._stderr,
        )

    def _listens(self) -> bool:
        assert self.process.poll() is None, f"exited with {self.process.returncode}: {self.stderr}"
        return self.stderr.count("listens on port") == int(self.environment.get("WEB_CONCURRENCY", "1"))

    @staticmethod
    def _read(file: Any) -> str:
        return os.pread(file.fileno(), 1 << 26, 0).decode()

    @property
    def stdout(self) -> str:
        return self._read(self._stdout)

    @property
    def stderr(self) -> str:
        return self._read(self._stderr)

    def ask(self, path: str = "/", method: str = "GET", **more: Any) -> Answer:
        return ask(self.port, path, method, **more)

    def health(self) -> Any:
        return self.ask("/health").json

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def crash(self) -> bytes:
        """Requests /crash; returns the bytes that came back before the connection ended."""
        with self.connect() as connection:
            connection.sendall(b"GET /crash HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                return connection.recv(4096)
            except ConnectionResetError:
                return b""

    def terminate(self, seconds: float = 60) -> int:
        """Sends SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def processes(self) -> list[int]:
        """The process ids of the application and all that it started."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def makers(self) -> list[int]:
        """The process ids of the certificate makers: one for each worker with a request for one."""
        return [pid for pid in self.processes() if b"certificate-maker" in _command_line(pid)]

    @contextlib.contextmanager
    def held_maker(self) -> Iterator[None]:
        """No certificate is made during the block; afterwards those who wait get theirs."""
        assert self.ask("/generatecert").status == 200  # now there is one that makes them
        held = self.makers()
        assert held
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in held:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def asking_for_a_certificate(self) -> socket.socket:
        """A client whose request is accepted."""
        return self._accepted(b"GET /generatecert HTTP/1.1\r\nHost: x\r\n")

    def announcing_a_body(self, length: int) -> socket.socket:
        """A client whose request is accepted, and which still has to send its body."""
        return self._accepted(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % length
        )

    def _accepted(self, head: bytes) -> socket.socket:
        """A client that has sent this, and got `100 Continue`."""
        client = self.connect()
        client.sendall(head + b"Expect: 100-continue\r\n\r\n")
        taken = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.recv(len(taken), socket.MSG_WAITALL) == taken
        return client

    def memory(self) -> int:
        """Resident memory of the first process, in bytes."""
        return resident(self.process.pid)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def state(pid: int) -> list[str]:
    """The fields of proc(5)'s /proc/PID/stat from the third one on; those of a zombie when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["Z"]


def has_ended(pid: int) -> bool:
    """Whether it waits for nothing but to be reaped, if at all."""
    return state(pid)[0] in "ZX"


def cpu_seconds(pid: int) -> float:
    """The CPU time that a running process has had; unlike the time it took, that hardly depends on what else runs."""
    user, system = state(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def keep_alive(port: int) -> Iterator[Callable[[str], int]]:
    """One connection for many requests: yields a function from path to status.

    It reads what it must of a response: thousands of them with http.client take longer than the application does.
    """
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
        connection.makefile("rb") as responses,
    ):

        def status(path: str) -> int:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            first, length = responses.readline(), 0
            while (line := responses.readline().lower()) not in (b"\r\n", b""):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            assert len(responses.read(length)) == length
            return int(first.split()[1])

        yield status
