"""The application, run as `npm start` runs it, against every capture of the original."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from tests.app import nodes
from tests.app.application import Application, eventually
from tests.app.nodes import APP

MODES = ["production", "development"]
CAPTURES = sorted(path.stem for path in (APP / "test/contract/production").glob("*.http"))


def judge(port: int, mode: str) -> dict[str, dict[str, Any]]:
    """The verdict on each exchange with what serves at the port, by name."""
    command = ["node", "test/conformance.js", f"127.0.0.1:{port}", mode]
    environment = {"PATH": nodes.path()}
    done = subprocess.run(command, cwd=APP, env=environment, check=True, stdout=subprocess.PIPE, timeout=600)
    return {row["name"]: row for row in json.loads(done.stdout)}


def comparable(log: str) -> list[str]:
    """The lines without what varies: address, time, and the sizes of certificates and of pages with a stack."""
    return [
        re.sub(r" (404|400|413|200) (\d{3,4}) ", lambda m: f" {m[1]} - " if m[2] not in ("204", "111") else m[0], line)
        for line in (line.split("] ", 1)[-1] for line in log.splitlines())
    ]


def expected_log(mode: str) -> list[str]:
    captured = comparable((APP / "test/contract" / mode / "stdout.log").read_text())
    # /health has become the health check, which is not logged.
    return [line for line in captured if not line.startswith('"GET /health ')]


@pytest.fixture(scope="module", params=[(mode, workers) for mode in MODES for workers in ("1", "2")], ids="-".join)
def run(request: pytest.FixtureRequest) -> tuple[dict[str, dict[str, Any]], str, str]:
    """Verdicts, stdout, and mode of one run."""
    mode, workers = request.param
    with Application({"NODE_ENV": mode, "WEB_CONCURRENCY": workers}) as application:
        rows = judge(application.port, mode)
        # A line is written when its answer is out, which the client may see first.
        eventually(lambda: application.stdout.count("\n") >= len(expected_log(mode)))
        return rows, application.stdout, mode


@pytest.mark.parametrize("name", CAPTURES)
def test_is_as_captured(run: tuple[dict[str, dict[str, Any]], str, str], name: str) -> None:
    row = run[0][name]
    assert row["ok"], row


def test_logs_what_the_original_logged(run: tuple[dict[str, dict[str, Any]], str, str]) -> None:
    _, stdout, mode = run
    # Two workers may swap two lines.
    assert sorted(comparable(stdout)) == sorted(expected_log(mode))
    line = r"^(::ffff:)?127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] \"GET / "
    assert re.search(line, stdout, re.MULTILINE)
    assert " - bob [" in stdout


def test_is_in_development_mode_by_default() -> None:
    with Application({"NODE_ENV": ""}) as application:
        assert "NotFoundError: Not Found\n    at " in application.ask("/nope").body.decode()
    with Application({"NODE_ENV": "test"}) as application:
        assert len(application.ask("/nope").body) == 195
