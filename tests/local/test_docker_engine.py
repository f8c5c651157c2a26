"""An engine that is slow, or drops a connection, is waited for: every client is made in one place."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import docker
import pytest

from phoenix_cfn.local import docker_engine
from tests.deployment.stage import DeploymentFailed, Stage


class Engine:
    """Answers /version, and /_ping as it is told: after a while, or not for the first time."""

    def __init__(self, path: Path) -> None:
        self.slow, self.drops = 0.0, 0
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
                elif self.drops:
                    self.drops -= 1
                    return
                else:
                    time.sleep(self.slow)
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
