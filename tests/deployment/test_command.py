"""The commands that a person uses: up, logs, status, down. Every path answers under the URL, and nothing is left."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from phoenix_cfn.cloudformation.limits import INLINE_BYTES
from phoenix_cfn.local import leftovers
from phoenix_cfn.local.docker_engine import DockerEngine
from tests.deployment import REPOSITORY_ROOT
from tests.deployment.results import Results
from tests.local.test_interrupted import gateway_that


def _command(project: Path, word: str, folder: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "phoenix_cfn", word],
        cwd=project,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=2400,
    )
    return done.returncode, done.stdout + done.stderr


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_kata(engine: DockerEngine, tmp_path: Path, results: Results) -> None:
    """Also after an `up` whose gateway does not start."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    broken = str(gateway_that(tmp_path, "raise OSError('no way to start')"))
    code, said = _command(REPOSITORY_ROOT, "up", folder, PYTHONPATH=broken)
    assert (code, "did not start: OSError: no way to start" in said, "Traceback" in said) == (2, True, False), said
    assert list(folder.iterdir()) == []
    start = time.time()
    code, said = _command(REPOSITORY_ROOT, "up", folder)
    seconds = time.time() - start
    try:
        assert code == 0, said
        match = re.search(r"Up after \d+ s: (http://localhost:\d+)/", said)
        assert match, said
        early = re.search(rf"(\d+) s: the application answers under {match[1]}/", said)
        assert early, said
        _every_path_is_the_applications(match[1])
        assert _command(REPOSITORY_ROOT, "up", folder)[0] == 2
        code, said = _command(REPOSITORY_ROOT, "status", folder)
        assert code == 0, said
        for line in ("tasks +2 of 2 run", "alarm CpuPeakAlarm +[A-Z]", "Tasks: running", f"URL +{match[1]}/"):
            assert re.search(line, said), (line, said)
        code, said = _command(REPOSITORY_ROOT, "logs", folder)
        assert (code, '"GET /nowhere HTTP/1.1" 404' in said) == (0, True), said
        (state,) = folder.iterdir()
        port = int(json.loads((state / "running.json").read_text())["settings"]["PHOENIX_LOCAL_PORT"])
    finally:
        code, said = _command(REPOSITORY_ROOT, "down", folder)
    assert code == 0, said
    assert leftovers.containers(engine.client, port) == []
    assert list(folder.iterdir()) == []
    note = f"the URL answers after {early[1]} s"
    results.add("R1", "`phoenix-cfn up`, images cached", seconds, note=note)


def _every_path_is_the_applications(url: str) -> None:
    """Also those that the local AWS has a use for under its own address."""
    assert "Welcome to Express" in _get(f"{url}/")[1]
    status, body = _get(f"{url}/health")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    nowhere = _get(f"{url}/nowhere")
    assert nowhere[0] == 404
    for path in ("/_ministack/health", "/_ministack/reset", "/_local/pipelines", "/_localstack/x", "/v2/", "/iceberg"):
        assert _get(url + path) == nowhere, path


SERVER = """
const http = require('http');
http.createServer((request, response) => {
  console.log('asked for ' + request.url);
  response.end('hello from ' + request.url);
}).listen(process.env.PORT, '::');
process.on('SIGTERM', () => process.exit(0));
"""
DOCKERFILE = """
FROM public.ecr.aws/docker/library/node:24-slim
COPY server.js /server.js
USER node
CMD ["node", "/server.js"]
"""


def test_a_folder_made_by_init(engine: DockerEngine, tmp_path: Path) -> None:
    """Outside any Git repository, with a service of a few lines, and templates that are too large for a request."""
    folder, project = tmp_path / "temporary", tmp_path / "orders"
    folder.mkdir()
    project.mkdir()
    assert _command(project, "init", folder)[0] == 0
    code, said = _command(project, "up", folder)
    assert code == 2
    for missing in ("templates/Pipeline.yml", "templates/Infrastructure.yml", "app/Dockerfile"):
        assert f"found no {missing}" in said
    settings = (project / "phoenix.toml").read_text()
    settings = settings.replace("# tasks_limit = 10", "tasks_limit = 40").replace("# instances = 2", "instances = 6")
    (project / "phoenix.toml").write_text(settings)
    (project / "app/server.js").write_text(SERVER)
    (project / "app/Dockerfile").write_text(DOCKERFILE)
    assert _command(project, "build", folder)[0] == 0
    for template in (project / "templates").iterdir():
        assert template.stat().st_size > INLINE_BYTES
    code, said = _command(project, "up", folder)
    try:
        assert code == 0, said
        match = re.search(r"(http://localhost:\d+)/", said)
        assert match, said
        assert _get(f"{match[1]}/health") == (200, "hello from /health")
        code, said = _command(project, "logs", folder)
        assert (code, "asked for /health" in said) == (0, True), said
    finally:
        code, said = _command(project, "down", folder)
    assert code == 0, said
    assert list(folder.iterdir()) == []
    assert _command(project, "status", folder)[0] == 1
    assert _command(project, "down", folder)[0] == 0
