"""`phoenix-cfn up` and its companions where they cannot work: words, an exit code, and nothing left."""

from __future__ import annotations

import importlib.metadata
import tempfile
from pathlib import Path
from typing import get_args

import pytest

from phoenix_cfn.cli import main
from phoenix_cfn.settings import SourceKind

COMMANDS = ["up", "status", "logs", "down"]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and no Docker engine."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return project


def fill(project: Path, settings: str = "") -> None:
    """With every file that `up` reads."""
    for name in ("templates/Pipeline.yml", "templates/Infrastructure.yml", "app/Dockerfile", "app/buildspec.yml"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    (project / "phoenix.toml").write_text(settings)


def said(command: str, code: int, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([command]) == code
    shown = capsys.readouterr()
    return shown.out + shown.err


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_extra(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], nowhere: Path
) -> None:
    fill(nowhere)
    versions = importlib.metadata.version

    def version(name: str) -> str:
        if name == "docker":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.6.0" if name == "ministack" else versions(name)

    monkeypatch.setattr("phoenix_cfn.cli.extra.version", version)
    text = said(command, 2, capsys)
    assert "ministack 1.6.0 instead of 1.5.33, no package docker; expected the extra `local`. Install it with" in text


@pytest.mark.parametrize("source", get_args(SourceKind))
def test_without_docker(source: str, capsys: pytest.CaptureFixture[str], nowhere: Path) -> None:
    """Whatever the source is: the local AWS has each."""
    fill(nowhere, f"[pipeline]\nsource = '{source}'\n")
    assert "phoenix-cfn up: no Docker engine answers" in said("up", 2, capsys)
    assert list(nowhere.parent.iterdir()) == [nowhere]


def test_what_is_missing_in_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    text = said("up", 2, capsys)
    for name in ("templates/Pipeline.yml", "templates/Infrastructure.yml", "app/Dockerfile", "app/buildspec.yml"):
        assert f"found no {name} in" in text


@pytest.mark.parametrize(("command", "code"), [("status", 1), ("logs", 1), ("down", 0)])
def test_without_a_local_deployment(command: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """It is known without a Docker engine."""
    assert "This project has no local deployment." in said(command, code, capsys)
