"""The command that a person uses: up, a page under the printed URL, down, and nothing left."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from . import leftovers
from .docker_engine import DockerEngine
from .results import Results
from .server import REPOSITORY_ROOT
from .test_interrupted import gateway_that


def _command(word: str, folder: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.deployment", word],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=2400,
    )
    return done.returncode, done.stdout + done.stderr


def test_up_and_down(engine: DockerEngine, tmp_path: Path, results: Results) -> None:
    """Also after an `up` whose gateway does not start."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    code, said = _command("up", folder, PYTHONPATH=str(gateway_that(tmp_path, "raise OSError('no way to start')")))
    assert (code, "no way to start" in said) == (1, True), said
    start = time.time()
    code, said = _command("up", folder)
    seconds = time.time() - start
    try:
        assert code == 0, said
        match = re.search(r"http://(\S+\.alb\.localhost):(\d+)/", said)
        assert match, said
        port = int(match[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/", headers={"Host": f"{match[1]}:{port}"})
        assert b"Welcome to Express" in connection.getresponse().read()
        assert "Tasks" in said
        assert "alarm CpuPeakAlarm" in said
        assert _command("up", folder)[0] == 2
        code, said = _command("status", folder)
        assert code == 0, said
    finally:
        code, said = _command("down", folder)
    assert code == 0, said
    assert leftovers.containers(engine.client, port) == []
    assert list(folder.iterdir()) == []
    results.add("R1", "`python -m tests.deployment up`, images cached", seconds)
