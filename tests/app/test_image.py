"""The container image: how it is written, and how its container serves, read-only and without root."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.local import images
from phoenix_cfn.local.docker_engine import DockerEngine
from tests.app.application import NO_DATABASE, ask, eventually, free_port
from tests.app.nodes import APP, ROOT
from tests.app.test_conformance import CAPTURES, MODES, judge
from tests.locks import one_at_a_time

IMAGE = "phoenix-test:latest"


def run_docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=600)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def build(*arguments: str) -> None:
    """On the base image that NODE_IMAGE names, as the pipeline does, or on the Dockerfile's own."""
    base = [f"--build-arg=NODE_IMAGE={os.environ['NODE_IMAGE']}"] if os.environ.get("NODE_IMAGE") else []
    run_docker("build", "--network", "host", *base, *arguments, str(APP))


def test_dockerfile_is_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=APP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def image(docker: DockerEngine) -> Iterator[str]:
    """Built as the pipeline builds it."""
    with one_at_a_time(ROOT / ".cache/images.lock"):
        images.ensure_base(docker.client, APP / "Dockerfile")
    build("--build-arg", "REVISION=abc123", "--tag", IMAGE)
    yield IMAGE
    run_docker("image", "rm", "--force", IMAGE)


@dataclass
class Container:
    id: str
    port: int

    def inspect(self, field: str) -> Any:
        return json.loads(run_docker("inspect", "--format", f"{{{{json .{field}}}}}", self.id))


@pytest.fixture
def container(image: str, request: pytest.FixtureRequest) -> Iterator[Container]:
    """As the task definition runs it, but for the init process; `request.param` is more environment."""
    port = free_port()
    environment = {"PORT": str(port), "DB_CONNECTION_STRING": NO_DATABASE, "WEB_CONCURRENCY": "2"}
    environment.update(getattr(request, "param", {}))
    options = [f"--env={name}={value}" for name, value in environment.items()]
    restrictions = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000"]
    started = Container(run_docker("run", "--detach", "--network=host", *restrictions, *options, image), port)
    try:
        eventually(lambda: _serves(port))
        yield started
    finally:
        run_docker("rm", "--force", started.id)


def _serves(port: int) -> bool:
    try:
        return ask(port, "/health").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("container", [{"NODE_ENV": mode} for mode in MODES], ids=MODES, indirect=True)
def test_conformance(container: Container, request: pytest.FixtureRequest) -> None:
    """Every capture, read-only and non-root."""
    rows = judge(container.port, request.node.callspec.id)
    assert len(rows) > len(CAPTURES)
    assert [row for row in rows.values() if not row["ok"]] == []


def test_the_tests_pass_in_the_image(image: str) -> None:
    """What the pipeline runs before it builds; its own Node.js does not matter."""
    build("--target", "test")


def test_runs_in_production_mode_by_default(container: Container) -> None:
    assert len(ask(container.port, "/nope").body) == 195


def test_sigterm_reaches_node(container: Container) -> None:
    """As PID 1, without an init process. One that it does not reach is killed, and has another exit code."""
    run_docker("stop", "--time", "30", container.id)
    assert container.inspect("State.ExitCode") == 0


@pytest.mark.parametrize("container", [{"WEB_CONCURRENCY": "1"}], indirect=True)
def test_crash_ends_the_container(container: Container) -> None:
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask(container.port, "/crash")
    eventually(lambda: container.inspect("State.Status") == "exited")
    assert container.inspect("State.ExitCode") == 1
    assert "Error: Requested crash by endpoint /crash" in run_docker("logs", container.id)


def test_health_check(container: Container) -> None:
    """Docker's own verdict, and what one check costs: in CPU time, little beside that of starting a Node.js."""
    eventually(lambda: container.inspect("State.Health.Status") == "healthy")
    check = container.inspect("Config.Healthcheck.Test")
    assert check[0] == "CMD"

    def cpu_seconds(command: str) -> float:
        timed = f"set -e; TIMEFORMAT='%U %S'; time {command}"
        user, system = run_docker("exec", container.id, "bash", "-c", f"{{ {timed}; }} 2>&1").split()
        return float(user) + float(system)

    assert 3 * cpu_seconds(shlex.join(check[1:])) < cpu_seconds("node -e 0")
    run_docker("exec", "--env=PORT=1", container.id, "bash", "-c", "! bash healthcheck.sh 2>&-")


def test_contents(container: Container) -> None:
    """What the image says of itself, and that it carries nothing but what runs."""
    labels = container.inspect("Config.Labels")
    assert labels["org.opencontainers.image.title"] == "phoenix"
    assert labels["org.opencontainers.image.revision"] == "abc123"
    assert container.inspect("Config.User") == "1000:1000"
    listing = run_docker("exec", container.id, "ls", "-A", "/app").split()
    assert sorted(listing) == ["healthcheck.sh", "node_modules", "package.json", "public", "src"]
    assert run_docker("exec", container.id, "node", "--version").startswith("v24.")
    with pytest.raises(AssertionError, match=r"Read-only file system|Permission denied"):
        run_docker("exec", container.id, "touch", "/app/x")
