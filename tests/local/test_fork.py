"""A project as a repository: every file that Git would take, also of a folder that is no repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phoenix_cfn.local.aws.settings import LocalSettings
from phoenix_cfn.local.errors import LocalError
from phoenix_cfn.local.fork import Fork


def fork_of(project: Path, state: Path) -> Fork:
    aws: Any = SimpleNamespace(settings=LocalSettings(1, 2, 3, "127.0.0.1", state, state / "github", 1.0))
    fork = Fork(aws, "local", "orders")
    fork.fill(project)
    fork.push("The project as it is")
    return fork


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for file in ("app/Dockerfile", "templates/Pipeline.yml", ".venv/bin/python", "secret.env"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("x")
    (folder / ".gitignore").write_text(".venv/\nsecret.env\n")
    return folder


EXPECTED = [".gitignore", "app/Dockerfile", "templates/Pipeline.yml"]


def pushed(fork: Fork) -> list[str]:
    command = ["git", "ls-tree", "-r", "--name-only", "master"]
    return subprocess.run(command, cwd=fork.remote.bare, capture_output=True, text=True, check=True).stdout.split()


def test_a_folder_that_is_no_repository(project: Path, tmp_path: Path) -> None:
    assert pushed(fork_of(project, tmp_path / "state")) == EXPECTED
    assert not (project / ".git").exists()


def test_a_repository_with_changes_that_are_not_committed(project: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "app"], cwd=project, check=True)
    (project / "app/Dockerfile").write_text("changed")
    fork = fork_of(project, tmp_path / "state")
    assert pushed(fork) == EXPECTED
    assert (fork.clone / "app/Dockerfile").read_text() == "changed"


def test_a_folder_within_a_repository(project: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "another.txt").write_text("not of this project")
    assert pushed(fork_of(project, tmp_path / "state")) == EXPECTED


def test_what_git_complains_about_is_said(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="found no command git"):
        fork_of(project, tmp_path / "state")


def test_the_files_of_another_version_take_the_place_of_all(project: Path, tmp_path: Path) -> None:
    """Of the earlier version nothing is left; what `files` names is taken although .gitignore has it."""
    fork = fork_of(project, tmp_path / "state")
    (project / "app/Dockerfile").unlink()
    (project / "app/new").write_text("new")
    fork.take(project, ["app/new", "secret.env"])
    fork.push("Another version")
    assert pushed(fork) == ["app/new", "secret.env"]
    fork.take(project)
    fork.push("As the folder is")
    assert pushed(fork) == [".gitignore", "app/new", "templates/Pipeline.yml"]
