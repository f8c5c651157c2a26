"""`phoenix-cfn rehearse` where it cannot begin: words, exit code 2, and nothing left."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phoenix_cfn.cli import main
from phoenix_cfn.local.rehearsal import rehearsal
from tests.local.rehearsal.test_report import rehearsal as made

FILES = ("templates/Pipeline.yml", "templates/Infrastructure.yml", "app/Dockerfile", "app/buildspec.yml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one commit, and no Docker engine."""
    folder = tmp_path / "project"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    git("init", "--quiet")
    commit()
    return folder


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", "as it is")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert main(["rehearse", *arguments]) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return shown.out + shown.err


def test_without_docker(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    assert "phoenix-cfn rehearse: no Docker engine answers" in said(capsys, "--from", "HEAD")
    assert list(project.parent.iterdir()) == [project]


@pytest.mark.parametrize("revision", ["v9.9", "", "-x", "HEAD:templates"])
def test_a_revision_that_does_not_exist(capsys: pytest.CaptureFixture[str], revision: str) -> None:
    text = said(capsys, f"--from={revision}")
    assert f"phoenix-cfn rehearse: {revision}: found no such git revision. Correct the name" in text


def test_without_a_repository(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no git repository in" in said(capsys, "--from", "HEAD")


@pytest.mark.parametrize("missing", FILES)
def test_a_revision_without_a_file_that_it_needs(
    capsys: pytest.CaptureFixture[str], project: Path, missing: str
) -> None:
    (project / missing).unlink()
    commit()
    (project / missing).write_text("")
    text = said(capsys, "--from", "HEAD")
    assert f"HEAD cannot be deployed here: found no {missing} in HEAD" in text
    assert "Name another revision." in text


def test_settings_of_the_revision_that_this_version_does_not_read(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    (project / "phoenix.toml").write_text("colour = 'red'\n")
    commit()
    (project / "phoenix.toml").unlink()
    assert "HEAD cannot be deployed here: phoenix.toml, setting 'colour'" in said(capsys, "--from", "HEAD")


def test_wrong_settings_of_the_working_tree(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    (project / "phoenix.toml").write_text("colour = 'red'\n")
    assert "phoenix-cfn rehearse: phoenix.toml, setting 'colour'" in said(capsys, "--from", "HEAD")


def test_a_working_tree_without_an_application(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    (project / "app/Dockerfile").unlink()
    assert "found no app/Dockerfile in" in said(capsys, "--from", "HEAD")


def test_templates_of_the_working_tree_need_not_be_written(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    """What the build writes is released."""
    (project / "templates/Pipeline.yml").unlink()
    assert "no Docker engine answers" in said(capsys, "--from", "HEAD")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("name = 'orders'", "setting 'name': found 'phoenix' in HEAD and 'orders' in the working tree"),
        ("[pipeline]\nsource = 'codecommit'", "setting 'pipeline.source': found 'github-oauth' in HEAD"),
    ],
)
def test_what_a_stage_cannot_change(
    capsys: pytest.CaptureFixture[str], project: Path, setting: str, words: str
) -> None:
    (project / "phoenix.toml").write_text(setting)
    assert words in said(capsys, "--from", "HEAD")


def test_a_link_that_leads_out_of_the_revision(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    (project / "app/outside").symlink_to("/etc/passwd")
    commit()
    assert "HEAD: its files cannot be written" in said(capsys, "--from", "HEAD")


def test_an_option_without_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse"]) == 2
    assert "--from" in capsys.readouterr().err
    assert main(["rehearse", "--from", "HEAD", "--set-new", "ContainerPort"]) == 2
    assert "expected NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize(("others", "code"), [({}, 0), ({"data": False}, 1), ({"failures": ("why",)}, 1)])
def test_how_it_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, others: dict[str, Any], code: int
) -> None:
    """Standard output is the report alone."""
    asked = SimpleNamespace(values=None)

    def rehearse(root: Path, revision: str, prefix: str, values: Any, progress: Any) -> Any:
        asked.values = values
        with progress.part("A part"):
            return made(**others)

    monkeypatch.setattr(rehearsal, "rehearse", rehearse)
    options = ["--set", "A=1", "--set", "B=1", "--set-old", "A=2", "--set-new", "C=3"]
    assert main(["rehearse", "--from", "HEAD", "--json", *options]) == code
    shown = capsys.readouterr()
    assert json.loads(shown.out)["passed"] == (code == 0)
    assert "A part" in shown.err
    assert asked.values == rehearsal.Values({"A": "2", "B": "1"}, {"A": "1", "B": "1", "C": "3"})
    assert main(["rehearse", "--from", "HEAD"]) == code
    assert capsys.readouterr().out.startswith("From v1.0.0 to the working tree\n")


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "--help"]) == 0
    assert "Exit code: 0;" in " ".join(capsys.readouterr().out.split())


def test_nothing_of_the_revision_is_executed(capsys: pytest.CaptureFixture[str], project: Path, tmp_path: Path) -> None:
    """Not its extension, nor its build.py, nor its hooks; what needs no Docker engine has happened by then."""
    trace = f"open({str(tmp_path / 'trace')!r}, 'w')\n"
    (project / "own.py").write_text(trace)
    (project / "build.py").write_text(trace)
    (project / "phoenix.toml").write_text("extension = 'own.py'\n")
    commit()
    (project / "phoenix.toml").write_text("")
    assert "no Docker engine answers" in said(capsys, "--from", "HEAD")
    assert not (tmp_path / "trace").exists()
    assert sys.modules.get("own") is None
