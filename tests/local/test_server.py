"""The local AWS as a process."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from phoenix_cfn.local import server
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.errors import LocalError
from phoenix_cfn.local.server import LocalAws


def test_a_port_that_another_program_takes_meanwhile_is_given_up(
    docker: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = iter([free(), other.getsockname()[1]])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports, None) or free())
        running = LocalAws.start(docker, tmp_path / "aws")
        try:
            assert running.answers()
        finally:
            running.stop()


def test_a_port_that_is_taken_each_time_is_said(
    docker: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = iter([free(), other.getsockname()[1], free()])
        monkeypatch.setattr(server, "_ATTEMPTS", 1)
        monkeypatch.setattr(server, "_free_port", lambda: next(ports))
        with pytest.raises(LocalError, match=r"did not start: .*Address already in use"):
            LocalAws.start(docker, tmp_path / "aws")
    assert not (tmp_path / "aws").exists()


def test_connections_wait_while_it_has_no_time(docker: DockerEngine, tmp_path: Path) -> None:
    running = LocalAws.start(docker, tmp_path / "aws")
    try:
        os.kill(running.process, signal.SIGSTOP)
        with ExitStack() as connections:
            for _ in range(500):
                connections.enter_context(socket.create_connection(("127.0.0.1", running.settings.port), timeout=5))
    finally:
        os.kill(running.process, signal.SIGCONT)
        running.stop()
