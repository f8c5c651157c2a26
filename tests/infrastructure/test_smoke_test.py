"""The function of the smoke test really requests the path, and fails unless every answer is 200 in time."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phoenix_cfn.infrastructure.deployments import smoke_test_function
from phoenix_cfn.local.aws.certificates import server_pem

# It has no annotations: it is part of a template.
function: Any = smoke_test_function

Answer = Callable[[http.server.BaseHTTPRequestHandler, int], None]


class Server:
    """Answers as a test says; `requests` has the path and the test header of each request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.answer: Answer = lambda handler, number: status(handler, 200)
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, self.headers.get("x-deployment-test")))
                server.answer(self, len(server.requests))

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


def status(handler: http.server.BaseHTTPRequestHandler, code: int, **headers: str) -> None:
    handler.send_response(code)
    for name, value in {**headers, "Content-Length": "0"}.items():
        handler.send_header(name, value)
    handler.end_headers()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server()
    variables = {
        "HOST": "127.0.0.1",
        "PORT": str(found.http.server_address[1]),
        "SCHEME": "http",
        "TEST_PATH": "/ready?deep=1",
        "TEST_HEADER": "x-deployment-test",
        "TEST_VALUE": "new-version",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name, seconds in {"DELAY": 0.0, "PAUSE": 0.0}.items():
        monkeypatch.setattr(function, name, seconds)
    yield found
    found.http.shutdown()
    found.http.server_close()


def test_it_requests_the_path_with_the_test_header(server: Server) -> None:
    assert function.ecs({}, None) == {"hookStatus": "SUCCEEDED"}
    assert server.requests == [("/ready?deep=1", "new-version")] * function.REQUESTS


@pytest.mark.parametrize("code", [201, 204, 301, 302, 401, 404, 500, 503])
def test_any_other_status_fails(server: Server, code: int) -> None:
    """A redirect, too, wherever it leads."""
    server.answer = lambda handler, number: status(handler, 200 if number == 2 else code, Location="/")
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}
    assert len(server.requests) == 1


def test_one_failure_among_successes_fails(server: Server) -> None:
    server.answer = lambda handler, number: status(handler, 500 if number == function.REQUESTS else 200)
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}


def test_no_answer_in_time_fails(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "TIMEOUT", 0.2)
    server.answer = lambda handler, number: time.sleep(1)
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}


def test_a_connection_that_is_closed_fails(server: Server) -> None:
    server.answer = lambda handler, number: handler.connection.close()
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}


def test_what_is_no_http_fails(server: Server) -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        handler.wfile.write(b"hello\r\n\r\n")

    server.answer = answer
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}


def test_nothing_that_listens_fails(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.http.server_close()
    monkeypatch.setenv("PORT", "1")
    assert function.ecs({}, None) == {"hookStatus": "FAILED"}


@pytest.mark.parametrize(("code", "expected"), [(200, "SUCCEEDED"), (301, "FAILED")])
def test_tls_with_a_certificate_for_another_name(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, expected: str
) -> None:
    """The certificate names the domain; the test requests the load balancer by its own name."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(server_pem(tmp_path, ["www.example.com"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    monkeypatch.setenv("SCHEME", "https")
    server.answer = lambda handler, number: status(handler, code, Location="/")
    assert function.ecs({}, None) == {"hookStatus": expected}


@pytest.mark.parametrize(("code", "expected"), [(200, "Succeeded"), (500, "Failed")])
def test_codedeploy_gets_its_answer(server: Server, monkeypatch: pytest.MonkeyPatch, code: int, expected: str) -> None:
    answers: list[dict[str, Any]] = []
    client = SimpleNamespace(put_lifecycle_event_hook_execution_status=lambda **answer: answers.append(answer))
    monkeypatch.setattr("boto3.client", {"codedeploy": client}.__getitem__)
    server.answer = lambda handler, number: status(handler, code)
    function.codedeploy({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}, None)
    assert answers == [{"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": expected}]
