"""The command `phoenix-cfn rehearse`, from a revision to its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn.local.docker_engine import DockerEngine
from phoenix_cfn.local.fork import git

from .chosen import generate
from .results import Results
from .test_command import DOCKERFILE, SERVER


@pytest.fixture
def project(engine: DockerEngine, tmp_path: Path) -> Path:
    """One that `phoenix-cfn init` begins, with a service of a few lines and one commit."""
    folder = tmp_path / "orders"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    assert command(folder, "init")[0] == 0
    (folder / "app/server.js").write_text(SERVER)
    (folder / "app/Dockerfile").write_text(DOCKERFILE)
    generate(folder)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "as it is")


def command(project: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit code, the output, and what is told beside it."""
    done = subprocess.run(
        [sys.executable, "-m", "phoenix_cfn", *arguments],
        cwd=project,
        env={**os.environ, "TMPDIR": str(project.parent / "temporary")},
        capture_output=True,
        text=True,
        timeout=2400,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command(project: Path, results: Results) -> None:
    """The working tree is not committed, and its templates are not written: the build's are released."""
    (project / "app/server.js").write_text(SERVER.replace("hello from", "welcome to"))
    (project / "phoenix.toml").write_text('name = "orders"\n[retention]\ndays = 14\n')
    code, out, told = command(project, "rehearse", "--from", "HEAD", "--json")
    assert code == 0, out + told
    found = json.loads(out)
    assert (found["passed"], found["data"], found["contradictions"]) == (True, "kept", [])
    assert found["requests"]["failed"] == 0 < found["requests"]["sent"]
    resources = found["resources"]["Infrastructure.yml"]
    changed = {name: each["seen"] for name, each in resources.items() if each["seen"] != "unchanged"}
    assert changed["TaskDefinition"] == "replaced"
    assert {changed["Service"], changed["TaskLogGroup"]} == {"updated"}
    assert list((project.parent / "temporary").iterdir()) == []
    seconds = sum(each["seconds"] for each in found["seconds"] if not each["part"].startswith("Release, "))
    sent = found["requests"]["sent"]
    results.add(
        "rehearsal", "`phoenix-cfn rehearse --from HEAD`, images cached", seconds, note=f"{sent} requests, 0 failed"
    )


def test_a_revision_that_does_not_deploy(project: Path) -> None:
    broken = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {Colour: red}}}\n"
    (project / "templates/Pipeline.yml").write_text(broken)
    commit(project)
    code, out, told = command(project, "rehearse", "--from", "HEAD")
    assert (code, out, "Traceback" in told) == (2, "", False), told
    assert "HEAD does not deploy, so that nothing can be released to it" in told
    assert "extraneous key [Colour]" in told
    assert list((project.parent / "temporary").iterdir()) == []
