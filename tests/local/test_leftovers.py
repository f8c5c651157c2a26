"""What a local AWS leaves in the Docker engine is removed, while other programs remove things of their own."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import docker
import pytest

from phoenix_cfn.local import leftovers

PORT = 4571
LABEL = {"ministack.instance": f"{socket.gethostname()}:{PORT}"}


class Engine(ThreadingHTTPServer):
    """Lists an image and a container that another program has removed by the time they are inspected."""

    removed: list[str]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.removed = []


class _Api(BaseHTTPRequestHandler):
    server: Engine

    def do_GET(self) -> None:
        path = self._resource()
        gone = {"Id": "gone", "RepoTags": None, "RepoDigests": None, "Labels": LABEL}
        pulled = {
            "Id": "pulled",
            "RepoTags": [f"127.0.0.1:{PORT}/dev:1"],
            "RepoDigests": [f"127.0.0.1:{PORT}/dev@sha256:1"],
        }
        other = {"Id": "other", "RepoTags": ["127.0.0.1:4999/qa:1"], "RepoDigests": None}
        answers = {
            "/images/json": [gone, pulled, other],
            "/containers/json": [gone, {"Id": "task", "Labels": LABEL}],
            "/containers/task/json": {"Id": "task", "Name": "/task"},
            "/volumes": {"Volumes": None},
        }
        self._answer(200 if path in answers else 404, answers.get(path, {"message": "no such image or container"}))

    def do_DELETE(self) -> None:
        self.server.removed.append(self._resource())
        self._answer(200, [])

    def _resource(self) -> str:
        """Without the API's version and the query."""
        return unquote(re.sub(r"^/v[\d.]+|\?.*$", "", self.path))

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_what_another_program_removes_meanwhile_does_not_stop_the_removal(engine: Engine) -> None:
    client = docker.DockerClient(base_url=f"tcp://127.0.0.1:{engine.server_port}", version="1.44")
    leftovers.remove(client, PORT)
    assert engine.removed == [
        "/containers/task",
        f"/images/127.0.0.1:{PORT}/dev:1",
        f"/images/127.0.0.1:{PORT}/dev@sha256:1",
    ]
