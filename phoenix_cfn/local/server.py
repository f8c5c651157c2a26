"""Starts and stops the local AWS as a process of its own, and hands out clients for it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from phoenix_cfn.local import clients, leftovers
from phoenix_cfn.local.aws.settings import PREFIX, LocalSettings
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.errors import LocalError

REGION = "eu-central-1"
ACCOUNT = "000000000000"
_GATEWAY = "phoenix_cfn.local.aws.gateway"
# In the folder of each gateway: how another process finds it.
_RUNNING = "running.json"
# As often another program may take a port between the search for free ones and the start of the gateway.
_ATTEMPTS = 5
_PORT_TAKEN = os.strerror(errno.EADDRINUSE)


class _PortTaken(LocalError):
    """Another program uses a port that was free a moment ago."""


class LocalAws:
    """A running gateway. `state` is its folder: log, artifacts, certificates, repositories of the local GitHub."""

    def __init__(self, engine: DockerEngine, settings: LocalSettings, process: int) -> None:
        self.engine, self.settings, self.process = engine, settings, process

    @classmethod
    def start(cls, engine: DockerEngine, state: Path, time_scale: float = 0.1, tied: bool = True) -> LocalAws:
        """Returns when the gateway answers; `tied` makes it end when this process does. Where it fails or is
        interrupted, nothing is left.
        """
        for _ in range(_ATTEMPTS - 1):
            with suppress(_PortTaken):
                return cls._start(engine, state, time_scale, tied)
        return cls._start(engine, state, time_scale, tied)

    @classmethod
    def _start(cls, engine: DockerEngine, state: Path, time_scale: float, tied: bool) -> LocalAws:
        github = state / "github"
        github.mkdir(parents=True, exist_ok=True, mode=0o700)
        ports = _free_port(), _free_port(), _free_port()
        settings = LocalSettings(*ports, engine.bridge, state, github, time_scale)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **settings.environment(),
            "DOCKER_HOST": f"unix://{engine.socket}",
            "GATEWAY_PORT": str(settings.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_HOST": "127.0.0.1",
            "STATE_DIR": str(state / "ministack"),
            "TMPDIR": str(state),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "PYTHONUNBUFFERED": "1",
        }
        if tied:
            environment[f"{PREFIX}PARENT"] = str(os.getpid())
        with (state / "gateway.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", _GATEWAY],
                # Not in the project's folder, whose files Python would take for modules.
                cwd=state,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = cls(engine, settings, process.pid)
        try:
            (state / _RUNNING).write_text(json.dumps({"process": process.pid, "settings": settings.environment()}))
            end = time.time() + 300
            while process.poll() is None and time.time() < end:
                if running.answers():
                    return running
                time.sleep(0.1)
            reason = running._reason()
            raise (_PortTaken if _PORT_TAKEN in reason else LocalError)(f"the local AWS did not start: {reason}")
        except BaseException:
            running.stop()
            raise

    @classmethod
    def of(cls, engine: DockerEngine, state: Path) -> LocalAws | None:
        """The one that was started in this folder, by whatever process; None where there is none."""
        file = state / _RUNNING
        if not file.exists():
            return None
        known = json.loads(file.read_text())
        return cls(engine, LocalSettings.of(known["settings"]), known["process"])

    def answers(self) -> bool:
        """Whether the gateway is ready."""
        try:
            with urllib.request.urlopen(f"{self.settings.endpoint}/_ministack/ready", timeout=60) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def client(self, service: str, **options: str) -> Any:
        """An ordinary boto3 client, as the account's root. The same one for the same arguments."""
        root = {
            "endpoint_url": self.settings.endpoint,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        return clients.client(service, **{**root, **options})

    def pipelines(self) -> list[dict[str, Any]]:
        """What the pipelines did: executions with their actions, oldest first."""
        with urllib.request.urlopen(f"{self.settings.endpoint}/_local/pipelines", timeout=60) as answer:
            return list(json.load(answer))

    def fail(self, stack: str, resource: str, reason: str) -> None:
        """The next creation of this resource of the stack, by its logical id, fails for the reason."""
        body = json.dumps({"stack": stack, "resource": resource, "reason": reason}).encode()
        with urllib.request.urlopen(f"{self.settings.endpoint}/_local/faults", body, timeout=60):
            pass

    def log(self) -> str:
        """What the gateway said so far."""
        return (self.settings.state / "gateway.log").read_text()

    def _reason(self) -> str:
        """The last line of the log; in Python's development mode, all of it."""
        log = self.log().strip()
        return log if sys.flags.dev_mode else log.rpartition("\n")[2] or "it did not answer in time"

    def containers(self) -> list[Any]:
        """Everything that runs for this gateway."""
        return leftovers.containers(self.engine.client, self.settings.port)

    def stop(self) -> None:
        """Ends the gateway and removes what it started: containers, volumes, its folder."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            # After a restart of the machine, the number may be another process's.
            if not _is_gateway(self.process):
                break
            with suppress(ProcessLookupError):
                os.killpg(self.process, number)
            if _ended(self.process, 120):
                break
        leftovers.remove(self.engine.client, self.settings.port)
        shutil.rmtree(self.settings.state, ignore_errors=True)


def _is_gateway(process: int) -> bool:
    try:
        return _GATEWAY.encode() in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _ended(process: int, seconds: float) -> bool:
    end = time.time() + seconds
    while time.time() < end:
        try:
            done, _ = os.waitpid(process, os.WNOHANG)
        except ChildProcessError:
            done = 0 if Path(f"/proc/{process}").exists() else process
        if done:
            return True
        time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
