"""The command: it writes what passes the gate, touches nothing else, and says in one line what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere import Ref
from troposphere.sns import Topic

from phoenix_cfn import gate, infrastructure
from phoenix_cfn.cli import build
from phoenix_cfn.cloudformation.limits import INLINE_BYTES
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, built once."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("build.py", "phoenix.toml", ".cfnlintrc"):
        shutil.copy(root / name, copy / name)
    for name in ("phoenix_cfn", "app", "templates"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    assert run(copy).returncode == 0
    return copy


@pytest.fixture
def checkout(built: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    shutil.copytree(built, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def run(checkout: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "build.py", *arguments],
        cwd=cwd or checkout,
        # The checkout's own package, not the installed one.
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_committed_templates_are_what_the_generator_writes(root: Path) -> None:
    result = run(root, "--check")
    assert result.returncode == 0, result.stdout


def test_an_unchanged_build_touches_nothing(checkout: Path) -> None:
    before = {path: path.stat() for path in (checkout / "templates").iterdir()}
    result = run(checkout)
    assert result.returncode == 0
    assert result.stdout.count("unchanged") == 2
    for path, stat in before.items():
        assert (path.stat().st_mtime_ns, path.stat().st_ino) == (stat.st_mtime_ns, stat.st_ino)


def test_the_table_counts_what_was_written(checkout: Path) -> None:
    for path in (checkout / "templates").iterdir():
        path.unlink()
    result = run(checkout)
    for name in ("Pipeline.yml", "Infrastructure.yml"):
        size = (checkout / "templates" / name).stat().st_size
        (row,) = (line.split() for line in result.stdout.splitlines() if line.startswith(name))
        assert row[3:] == [str(size), f"{size / 51_200:.0%}", "0", "written"]
    assert re.search(r"^\d+\.\d\d s$", result.stdout, re.MULTILINE)


def test_it_runs_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    (checkout / "templates/Pipeline.yml").unlink()
    assert run(checkout, cwd=tmp_path).returncode == 0
    assert (checkout / "templates/Pipeline.yml").exists()


def test_another_output_folder_leaves_the_templates_alone(checkout: Path, tmp_path: Path) -> None:
    before = contents(checkout / "templates")
    (tmp_path / "elsewhere").mkdir()
    assert run(checkout, "--output", str(tmp_path / "elsewhere")).returncode == 0
    assert contents(tmp_path / "elsewhere") == before == contents(checkout / "templates")


def test_a_relative_output_folder_is_meant_from_where_one_stands(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert run(checkout, "--output", "here", cwd=tmp_path).returncode == 0
    assert set(contents(tmp_path / "here")) == {"Pipeline.yml", "Infrastructure.yml"}


def test_check_shows_a_hand_edit_and_writes_nothing(checkout: Path) -> None:
    path = checkout / "templates/Infrastructure.yml"
    path.write_text(path.read_text().replace("RetentionInDays: 7", "RetentionInDays: 1", 1))
    before = contents(checkout / "templates")
    result = run(checkout, "--check")
    assert result.returncode == 1
    assert "-      RetentionInDays: 1\n+      RetentionInDays: 7\n" in result.stdout
    assert contents(checkout / "templates") == before


def test_check_shows_a_missing_template(checkout: Path) -> None:
    (checkout / "templates/Pipeline.yml").unlink()
    result = run(checkout, "--check")
    assert result.returncode == 1
    assert re.search(r"Pipeline.yml .* differs", result.stdout)
    assert not (checkout / "templates/Pipeline.yml").exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('colour = "red"\n', "setting 'colour'"),
        ("container_port = 0\n", "found 0; expected a number from 1024 to 65535"),
        ("container_port = 70000\n", "found 70000"),
        ('name = "Prod_1"\n', "found 'Prod_1'"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_changes_nothing(checkout: Path, setting: str, message: str) -> None:
    before = contents(checkout / "templates")
    (checkout / "phoenix.toml").write_text(setting)
    result = run(checkout)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert contents(checkout / "templates") == before


def test_bad_arguments_exit_with_2(checkout: Path) -> None:
    assert run(checkout, "--nonsense").returncode == 2


def test_a_missing_output_folder_is_a_clear_error(checkout: Path) -> None:
    shutil.rmtree(checkout / "templates")
    result = run(checkout)
    assert result.returncode == 2
    assert re.search(
        r"^build.py: cannot write to .*templates: No such file or directory\. Make it a folder", result.stderr
    )


def test_a_file_in_the_folders_place_is_a_clear_error(checkout: Path) -> None:
    shutil.rmtree(checkout / "templates")
    (checkout / "templates").write_text("not a folder")
    result = run(checkout)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_may_not_be_written_is_a_clear_error(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "templates/Pipeline.yml").write_text("old")
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr(gate, "is_known_clean", lambda *_: True)
    assert build.main(checkout, []) == 2
    assert "Permission denied. Make it a folder that you may write to" in capsys.readouterr().err
    assert (checkout / "templates/Pipeline.yml").read_text() == "old"


def test_an_interrupted_write_leaves_the_old_files_and_no_rubbish(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Pipeline.yml", "Infrastructure.yml"):
        (checkout / "templates" / name).write_text("old")
    before = contents(checkout / "templates")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    monkeypatch.setattr(gate, "is_known_clean", lambda *_: True)
    with pytest.raises(KeyboardInterrupt):
        build.main(checkout, [])
    assert contents(checkout / "templates") == before


def test_a_finding_is_printed_with_its_path_and_author_and_nothing_is_written(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(checkout / "templates")
    original = infrastructure.template

    def with_a_fault(settings: Settings) -> StageTemplate:
        template = original(settings)
        template.add_resource(Topic("Loud", KmsMasterKeyId=Ref("Nobody")))
        return template

    monkeypatch.setattr(infrastructure, "template", with_a_fault)
    assert build.main(checkout, []) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^E\d{4} 'Nobody' is not one of", printed, re.MULTILINE), printed
    assert re.search(r"^templates/Infrastructure.yml:\d+:\d+$", printed, re.MULTILINE)
    assert "  at Resources/Loud/Properties/KmsMasterKeyId/Ref\n" in printed
    assert f"  written by {__name__}.with_a_fault()\n" in printed
    assert re.search(r"Infrastructure.yml +\d+ .* 1  not written", printed)
    assert contents(checkout / "templates") == before


def test_templates_stay_usable_inline(root: Path) -> None:
    for path in (root / "templates").glob("*.yml"):
        assert path.stat().st_size < INLINE_BYTES
