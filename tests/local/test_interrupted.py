"""Nothing is left of a run that was killed or interrupted: no process, no container, no folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from phoenix_cfn.local.aws.settings import LocalSettings
from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.server import LocalAws
from tests.deployment import REPOSITORY_ROOT
from tests.deployment.stage import eventually
from tests.local.aws.lab import Lab
from tests.local.aws.test_documentdb import cluster

TESTS = """
import sys, time
from pathlib import Path
from phoenix_cfn.local import docker_engine
from phoenix_cfn.local.server import LocalAws

LocalAws.start(docker_engine.find(), Path(sys.argv[1]))
print("started", flush=True)
time.sleep(600)
"""

# Where the tests run in the background, SIGINT is ignored by whatever they start.
UP = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from phoenix_cfn.cli import main
sys.exit(main(["up"]))
"""


def test_a_killed_test_run_leaves_nothing(engine: DockerEngine, tmp_path: Path) -> None:
    state = tmp_path / "run" / "state"
    tests = subprocess.Popen(
        [sys.executable, "-c", TESTS, str(state)], cwd=REPOSITORY_ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert tests.stdout
        assert tests.stdout.readline() == "started\n"
        aws = LocalAws.of(engine, state)
        assert aws
        Lab(aws).deploy({"Cluster": cluster()})
        assert aws.containers() != []
    finally:
        tests.kill()
        tests.wait()
    eventually(lambda: not _runs(aws.process), 60, "no gateway")
    # The folder is the last to go.
    eventually(lambda: not state.exists(), 60, "no folder")
    assert aws.containers() == []


def test_up_that_is_interrupted_leaves_nothing(engine: DockerEngine, tmp_path: Path) -> None:
    """While it waits for a gateway, which here never answers."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    up = subprocess.Popen(
        [sys.executable, "-c", UP],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(gateway_that(tmp_path, "time.sleep(600)"))},
    )
    try:
        eventually(lambda: any(folder.glob("*/running.json")), 60, "a gateway that is being started")
        (file,) = folder.glob("*/running.json")
        eventually(lambda: file.read_text().endswith("}"), 60, "the record of it")
        aws = LocalAws.of(engine, file.parent)
        assert aws
        assert _runs(aws.process)
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=600) != 0
    finally:
        up.kill()
        up.wait()
    assert not _runs(aws.process)
    assert list(folder.iterdir()) == []


def test_a_process_that_has_taken_the_number_of_an_earlier_gateway_is_left_alone(
    engine: DockerEngine, tmp_path: Path
) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        LocalAws(engine, LocalSettings(9, 10, 11, engine.bridge, tmp_path / "state", tmp_path, 0.1), other.pid).stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def gateway_that(folder: Path, does: str) -> Path:
    """A folder for PYTHONPATH, with which a gateway does this instead of starting."""
    modules = folder / "modules"
    modules.mkdir()
    (modules / "hypercorn.py").write_text(f"import time\n{does}\n")
    return modules


def _runs(process: int) -> bool:
    """One that has ended, but that nobody has waited for, has no command line any more."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False
