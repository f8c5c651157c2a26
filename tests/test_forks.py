"""A fork changes phoenix.toml as it documents, runs build.py, and has nothing else to do but commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FORKS = {
    "another service in a small stage": """
name = "orders"
[service]
container_port = 3000
health_check_path = "/ready?deep=0"
cpu = 1024
memory = 4096
cpu_architecture = "ARM64"
[retention]
days = 14
[database]
instance_class = "db.r6g.large"
instances = 1
[deployment]
strategy = "codedeploy"
step_percent = 20
step_minutes = 10
approval = true
smoke_test_path = "/health"
[pipeline]
source = "codecommit"
""",
    "the largest settings": """
name = "a-service-of-20-char"
extension = "extension.py"
[service]
workers = 64
cpu = 32768
memory = 249856
[scaling]
min_tasks = 20
max_tasks = 40
tasks_limit = 40
requests_per_second_per_task = 10000
cpu_target_percent = 90
[alarms]
cpu_peak_percent = 99
server_errors_per_minute = 1000000
[deployment]
strategy = "linear"
step_percent = 25
smoke_test_path = "/health?deep=0"
[retention]
days = 30
[database]
instance_class = "db.r8g.48xlarge"
instances = 16
[network]
vpc_cidr = "192.168.0.0/16"
availability_zones = [6, 5]
[pipeline]
source = "github-connection"
""",
}
EXTENSION = """
from troposphere.sqs import Queue

def extend_infrastructure(stage):
    stage.scope.add(Queue("Orders", SqsManagedSseEnabled=True, MessageRetentionPeriod=345600,
                          DeletionPolicy="Delete", UpdateReplacePolicy="Delete"))
"""
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".cache", ".*_cache", "node_modules", "*.egg-info")


@pytest.mark.parametrize("settings", FORKS.values(), ids=FORKS)
def test_a_fork_builds_and_is_green(settings: str, root: Path, tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    shutil.copytree(root, fork, ignore=LEFT_OUT)
    (fork / "phoenix.toml").write_text(settings, encoding="utf-8")
    (fork / "extension.py").write_text(EXTENSION, encoding="utf-8")
    succeeds(fork, "build.py")
    tests = succeeds(
        fork, "-m", "pytest", "-q", "-m", "settings", "-p", "no:cacheprovider", *files_with_such_tests(fork)
    )
    assert " passed" in tests
    assert "skipped" not in tests


def files_with_such_tests(fork: Path) -> list[str]:
    """Those that have a test with the marker: to collect all the others takes longer than to run it."""
    files = (fork / "tests").rglob("test_*.py")
    return sorted(str(each) for each in files if "pytest.mark.settings" in each.read_text(encoding="utf-8"))


def succeeds(fork: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=fork,
        # The fork's own package, not the installed one.
        env={**os.environ, "PYTHONPATH": str(fork)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
