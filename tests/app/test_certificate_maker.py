"""The process that makes certificates may hang, die, or fail to start: those who wait get theirs from the next one."""

from __future__ import annotations

import os
import resource
import signal
import socket
from pathlib import Path

from tests.app.application import Application, eventually, has_ended


def answers(clients: list[socket.socket]) -> list[bytes]:
    return [client.recv(12, socket.MSG_WAITALL) for client in clients]


def test_those_who_wait_for_a_maker_that_is_killed_are_served_by_the_next_one() -> None:
    with Application() as application:
        with application.held_maker():
            clients = [application.asking_for_a_certificate() for _ in range(8)]
            (maker,) = application.makers()
            os.kill(maker, signal.SIGKILL)
            assert answers(clients) == [b"HTTP/1.1 200"] * 8
        assert application.stderr.count("the process that makes certificates: ended (SIGKILL)") == 1


def test_a_maker_that_hangs_is_replaced() -> None:
    with Application() as application, application.held_maker():
        (hung,) = application.makers()
        clients = [application.asking_for_a_certificate() for _ in range(8)]
        assert answers(clients) == [b"HTTP/1.1 200"] * 8
        assert has_ended(hung)
        assert application.stderr.count("the process that makes certificates: made no certificate within 20 s") == 1


def test_makers_that_all_die_do_not_hold_those_who_wait(tmp_path: Path) -> None:
    """Three are tried; the reason is in the log, and the next request is tried again."""
    dies, flag = tmp_path / "dies.cjs", tmp_path / "flag"
    flag.touch()
    dies.write_text(f"if (/maker/.test(process.argv[1]) && require('fs').existsSync('{flag}')) process.exit(7);")
    with Application({"NODE_OPTIONS": f"--require={dies}"}) as application:
        assert application.ask("/generatecert").status == 500
        assert application.stderr.count("the process that makes certificates: ended (exit code 7)") == 3
        flag.unlink()
        assert application.ask("/generatecert").status == 200


def test_a_worker_that_ends_while_a_key_is_made_leaves_nothing_in_the_log() -> None:
    """The maker, held until its parent is gone, creates the key and cannot send it."""
    for _ in range(3):
        with Application() as application:
            with application.held_maker():
                client = application.asking_for_a_certificate()
                makers = application.makers()
                application.crash()
                assert application.process.wait(60) == 1
            eventually(lambda: all(map(has_ended, makers)))  # noqa: B023
            client.close()
            stderr = application.stderr
        assert [line for line in stderr.splitlines() if not line.startswith("phoenix: ")] == []


def test_a_maker_that_cannot_be_started_says_why() -> None:
    """Without a file descriptor to spare; with one, the next request is served."""
    with Application() as application:
        pid = application.process.pid
        assert application.ask().status == 200
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        with application.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), hard))
            client.sendall(b"GET /generatecert HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 500")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert "the process that makes certificates: spawn" in application.stderr
        assert "EMFILE" in application.stderr
        assert "is not a function" not in application.stderr
        assert application.ask("/generatecert").status == 200
