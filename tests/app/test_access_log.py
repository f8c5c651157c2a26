"""The request log says what the client got, and stderr why the application could not answer."""

from __future__ import annotations

import contextlib
import os
import resource
import socket

import pytest

from tests.app.application import Application, eventually

GARBAGE = b"\x01\x02\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def got(application: Application, sent: bytes) -> list[str]:
    """The statuses of all that came back until the connection was closed."""
    with application.connect() as client:
        client.sendall(sent)
        received = b""
        while piece := client.recv(65536):
            received += piece
    return [part[:3].decode() for part in received.split(b"HTTP/1.1 ")[1:]]


def logged(application: Application, requests: int) -> list[str]:
    eventually(lambda: application.stdout.count("\n") == requests)
    return [line.split('" ')[1].split(" ")[0] for line in application.stdout.splitlines()]


@pytest.mark.parametrize(
    ("sent", "requests"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + GARBAGE, 1),
        (b"OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n" + GARBAGE, 1),
        (b"GET /stylesheets/style.css HTTP/1.1\r\nHost: x\r\n\r\n" + GARBAGE, 1),
        (b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n" + GARBAGE, 1),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"zz\r\n", 1),
        (b"GET /stylesheets/style.css HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"5\r\nab\r\nzz", 1),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + CHUNKED + b"zz\r\n", 1),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + CHUNKED + b"1\r\n{\r\nzz\r\n", 1),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + GARBAGE, 3),
        (b"GET /generatecert HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2 + GARBAGE, 3),
    ],
)
def test_what_the_parser_refuses_is_logged_as_it_was_answered(sent: bytes, requests: int) -> None:
    """A request whose answer never went out has no status, also when the answer was ready behind another one."""
    with Application() as application:
        statuses = got(application, sent)
        log = logged(application, requests)
    assert statuses
    assert log == statuses + ["-"] * (requests - len(statuses))


def test_garbage_that_comes_later_does_not_change_what_was_answered() -> None:
    with Application() as application, application.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(GARBAGE)
        assert client.recv(65536).startswith(b"HTTP/1.1 400")
        assert logged(application, 1) == ["200"]


def test_a_file_that_cannot_be_opened_is_said_on_stderr() -> None:
    with Application() as application, application.connect() as client:
        pid = application.process.pid
        style = b"GET /stylesheets/style.css HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(style)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        # The file of the first answer is closed, too.
        eventually(lambda: not any("style.css" in target for target in _open_files(pid)))
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
        client.sendall(style)
        answer = client.recv(65536)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"/public/" not in answer
        assert application.stderr.count("EMFILE: too many open files") == 1
        client.sendall(style)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def _open_files(pid: int) -> list[str]:
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return found


def test_lines_that_a_full_disk_loses_are_counted() -> None:
    with open("/dev/full", "w") as full, Application(stdout_to=full.fileno()) as application:
        for _ in range(7):
            assert application.ask().status == 200
        eventually(lambda: application.health()["stdout"] == {"lost": 7})
        assert application.stderr.count("losing lines of stdout (ENOSPC") == 1


def test_lines_that_a_reader_which_left_loses_are_counted() -> None:
    read, write = os.pipe()
    with Application(stdout_to=write) as application:
        os.close(write)
        os.close(read)
        assert application.ask().status == 200
        eventually(lambda: application.health()["stdout"] == {"lost": 1})
        assert application.stderr.count("losing lines of stdout (EPIPE") == 1


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://x/x/../crash", b"404"),
        ("http://x/", b"200"),
        ("http://x", b"200"),
        ("HTTP://X/NOPE", b"404"),
        ("http://x/stylesheets/style.css", b"200"),
        ("http://x/./crash", b"404"),
        ("http://x/%63rash", b"404"),
        ("http://x/nope/%2e%2e/crash", b"404"),
        ("http:///crash", b""),
        ("http://x/crash", b""),
        ("http://x/CRASH/?y#z", b""),
    ],
)
def test_a_request_target_in_absolute_form_is_taken_as_it_is_written(target: str, status: bytes) -> None:
    """No part of it is normalised; an empty answer is that of a process that crashed."""
    with Application() as application, application.connect() as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = client.recv(12, socket.MSG_WAITALL)
        assert answer[9:] == status
        if status == b"":
            assert application.process.wait(60) == 1


def test_a_certificate_is_not_to_be_stored() -> None:
    with Application() as application:
        assert application.ask("/generatecert").headers["Cache-Control"] == "no-store"
