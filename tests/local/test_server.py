"""The local AWS as a process."""

from __future__ import annotations

import socket
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
