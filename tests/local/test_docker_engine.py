"""An engine that is slow, or drops a connection, is waited for: every client is made in one place."""

from __future__ import annotations

import json
import platform
import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from phoenix_cfn.local import docker_engine
from phoenix_cfn.local.errors import NoDocker
from tests.deployment.stage import DeploymentFailed, Stage, eventually


class Engine:
    """Answers /version, and /_ping as it is told: after a while, or not for the first time."""

    def __init__(self, path: Path) -> None:
        self.slow, self.drops, self.bridge = 0.0, 0, "127.0.0.1"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while request := connection.recv(65536):
                body = b"OK"
                if b"/version" in request:
                    body = json.dumps({"ApiVersion": "1.44", "Version": "28"}).encode()
                elif b"/networks/bridge" in request:
                    body = json.dumps({"Id": "bridge", "IPAM": {"Config": [{"Gateway": self.bridge}]}}).encode()
                elif self.drops:
                    self.drops -= 1
                    return
                else:
                    time.sleep(self.slow)
                with suppress(BrokenPipeError):  # the client may have given up
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@pytest.fixture
def engine_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    # As the gateway does for MiniStack, whose clients give up after ten seconds.
    monkeypatch.setattr(docker, "from_env", docker.from_env)
    docker_engine.wait_everywhere()
    return Engine(tmp_path / "docker.sock")


def test_a_slow_engine_is_waited_for(engine_of_its_own: Engine) -> None:
    engine_of_its_own.slow = 1.5
    assert docker.from_env(timeout=1).ping()


def test_a_dropped_connection_is_tried_again(engine_of_its_own: Engine) -> None:
    engine_of_its_own.drops = 2
    assert docker.from_env(timeout=1).ping()
    assert engine_of_its_own.drops == 0


def test_for_how_long_the_engine_does_not_answer_is_reported(
    engine_of_its_own: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine, "_WATCH", 0.2)
    said: list[str] = []
    with docker_engine.waits_reported(said.append):
        time.sleep(1)
        assert said == []
        engine_of_its_own.slow = 2
        eventually(lambda: len(said) > 1, 30, "two reports")
        engine_of_its_own.slow = 0
    seconds = [
        int(re.sub(r"the Docker engine has not answered for (\d+) s; waiting for it", r"\1", each)) for each in said
    ]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("unix:///nowhere/docker.sock", "no Docker engine answers .* expected one on this machine. Start one"),
        ("tcp://127.0.0.1:9", "no Docker engine answers"),
    ],
)
def test_without_an_engine_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, host: str, reason: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(NoDocker, match=reason):
        docker_engine.find()


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(NoDocker, match="found Darwin; expected Linux"):
        docker_engine.find()


def test_an_engine_in_a_virtual_machine_is_refused(engine_of_its_own: Engine) -> None:
    """Its bridge is not an address of this machine. 192.0.2.1 is nobody's (RFC 5737)."""
    engine_of_its_own.bridge = "192.0.2.1"
    with pytest.raises(NoDocker, match=r"bridge 192\.0\.2\.1 is not an address of this machine"):
        docker_engine.find()
    engine_of_its_own.bridge = "127.0.0.1"
    assert docker_engine.find().bridge == "127.0.0.1"


class Deletion(Stage):
    """A stage whose stack is deleted at the third attempt."""

    def __init__(self, reason: str) -> None:
        self.reason, self.attempts = reason, 0
        self.cloudformation = self

    def delete_stack(self, StackName: str) -> None:
        self.attempts += 1

    def settled(self, *arguments: object) -> None:
        if self.attempts < 3:
            raise DeploymentFailed(f"stack is DELETE_FAILED: Service: {self.reason}")


SILENT = "UnixHTTPConnectionPool(host='localhost', port=None): Read timed out. (read timeout=10)"


def test_a_deletion_that_failed_because_the_engine_did_not_answer_is_repeated() -> None:
    deletion = Deletion(SILENT)
    deletion.delete("stack")
    assert deletion.attempts == 3


def test_a_deletion_that_failed_for_another_reason_is_not() -> None:
    deletion = Deletion("the bucket is not empty")
    with pytest.raises(DeploymentFailed, match="not empty"):
        deletion.delete("stack")
    assert deletion.attempts == 1
