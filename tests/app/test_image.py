"""The container image: how it is written, and how its container serves, read-only and without root."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app.application import APP, NO_DATABASE, ask, eventually, free_port
from tests.app.test_conformance import CAPTURES, MODES, judge

IMAGE = "phoenix-test:latest"


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=600)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_dockerfile_is_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=APP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def base_image() -> str:
    for line in (APP / "Dockerfile").read_text().splitlines():
        if line.startswith("ARG NODE_IMAGE="):
            return line.removeprefix("ARG NODE_IMAGE=")
    raise AssertionError("the Dockerfile names no base image")


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """Built from the base image that this machine has; nothing is pulled."""
    if shutil.which("docker") is None or not docker("version", "--format", "{{.Server.Version}}", check=False):
        pytest.skip("no Docker engine answers at DOCKER_HOST")
    if not docker("image", "ls", "-q", base_image(), check=False):
        pytest.skip(f"the Docker engine does not have {base_image()}")
    docker("build", "--network", "host", "--build-arg", "REVISION=abc123", "--tag", IMAGE, str(APP))
    yield IMAGE
    docker("image", "rm", "--force", IMAGE)


@dataclass
class Container:
    id: str
    port: int

    def inspect(self, field: str) -> Any:
        return json.loads(docker("inspect", "--format", f"{{{{json .{field}}}}}", self.id))


@pytest.fixture
def container(image: str, request: pytest.FixtureRequest) -> Iterator[Container]:
    """As the task definition runs it, but for the init process; `request.param` is more environment."""
    port = free_port()
    environment = {"PORT": str(port), "DB_CONNECTION_STRING": NO_DATABASE, "WEB_CONCURRENCY": "2"}
    environment.update(getattr(request, "param", {}))
    options = [f"--env={name}={value}" for name, value in environment.items()]
    restrictions = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000"]
    started = Container(docker("run", "--detach", "--network=host", *restrictions, *options, image), port)
    try:
        eventually(lambda: _serves(port), 30)
        yield started
    finally:
        docker("rm", "--force", started.id)


def _serves(port: int) -> bool:
    try:
        return ask(port, "/health").status == 200
    except OSError:
        return False


@pytest.mark.docker
@pytest.mark.parametrize("container", [{"NODE_ENV": mode} for mode in MODES], ids=MODES, indirect=True)
def test_conformance(container: Container, request: pytest.FixtureRequest) -> None:
    """Every capture, read-only and non-root."""
    rows = judge(container.port, request.node.callspec.id)
    assert len(rows) > len(CAPTURES)
    assert [row for row in rows.values() if not row["ok"]] == []


@pytest.mark.docker
def test_the_tests_pass_in_the_image(image: str) -> None:
    """What the pipeline runs before it builds; its own Node.js does not matter."""
    docker("build", "--network", "host", "--target", "test", str(APP))


@pytest.mark.docker
def test_runs_in_production_mode_without_being_told(container: Container) -> None:
    assert len(ask(container.port, "/nope").body) == 195


@pytest.mark.docker
def test_sigterm_reaches_node(container: Container) -> None:
    """As PID 1, without an init process."""
    start = time.monotonic()
    docker("stop", "--time", "30", container.id)
    assert time.monotonic() - start < 15
    assert container.inspect("State.ExitCode") == 0


@pytest.mark.docker
@pytest.mark.parametrize("container", [{"WEB_CONCURRENCY": "1"}], indirect=True)
def test_crash_ends_the_container(container: Container) -> None:
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask(container.port, "/crash")
    eventually(lambda: container.inspect("State.Status") == "exited")
    assert container.inspect("State.ExitCode") == 1
    assert "Error: Requested crash by endpoint /crash" in docker("logs", container.id)


@pytest.mark.docker
def test_health_check(container: Container) -> None:
    """Docker's own verdict, and what one check costs."""
    eventually(lambda: container.inspect("State.Health.Status") == "healthy", 30)
    check = container.inspect("Config.Healthcheck.Test")
    assert check[0] == "CMD"
    start = time.monotonic()
    docker("exec", container.id, *check[1:])
    assert time.monotonic() - start < 2  # docker exec included
    docker("exec", "--env=PORT=1", container.id, "bash", "-c", "! bash healthcheck.sh 2>&-")


@pytest.mark.docker
def test_contents(container: Container) -> None:
    """What the image says of itself, and that it carries nothing but what runs."""
    labels = container.inspect("Config.Labels")
    assert labels["org.opencontainers.image.title"] == "phoenix"
    assert labels["org.opencontainers.image.revision"] == "abc123"
    assert container.inspect("Config.User") == "1000:1000"
    listing = docker("exec", container.id, "ls", "-A", "/app").split()
    assert sorted(listing) == ["healthcheck.sh", "node_modules", "package.json", "public", "src"]
    assert docker("exec", container.id, "node", "--version").startswith("v24.")
    with pytest.raises(AssertionError, match=r"Read-only file system|Permission denied"):
        docker("exec", container.id, "touch", "/app/x")
