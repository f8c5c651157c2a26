"""`phoenix-cfn init`: a project in an empty folder, and nothing that was there before is touched."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import msgspec
import pytest

from phoenix_cfn.cli import init
from phoenix_cfn.cli.outcome import reported
from phoenix_cfn.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = [
    ".cfnlintrc",
    ".github/workflows/templates.yml",
    ".gitignore",
    "README.md",
    "app/buildspec.yml",
    "phoenix.toml",
]
SOURCE = f"git+https://github.com/octocat/phoenix_cfn.git@{'0123456789' * 4}"


def start(folder: Path, *arguments: str) -> int:
    return reported("phoenix-cfn init", lambda: init.main(arguments, folder, "phoenix-cfn init"))


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_gets_everything(tmp_path: Path) -> None:
    assert start(tmp_path) == 0
    assert sorted(files(tmp_path)) == FILES
    assert (tmp_path / "templates").is_dir()


def test_its_phoenix_toml_explains_every_setting_and_states_its_default(tmp_path: Path) -> None:
    start(tmp_path, "--name", "phoenix")
    text = (tmp_path / "phoenix.toml").read_text()
    assert "configure_rules" not in text  # the build writes the rules' numbers
    stated = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)
    # There is nothing to state of tables that repeat.
    assert {**tomllib.loads(stated), "permissions": []} == json.loads(msgspec.json.encode(Settings()))


def test_the_service_has_the_name_of_the_folder_by_default(tmp_path: Path) -> None:
    for folder, name in (("My Orders_2", "my-orders-2"), ("42", "phoenix"), ("7-shops", "shops"), ("été", "t")):
        (tmp_path / folder).mkdir()
        assert start(tmp_path / folder) == 0
        assert Settings.load(tmp_path / folder / "phoenix.toml").name == name
    (tmp_path / "other").mkdir()
    start(tmp_path / "other", "--name", "billing")
    assert Settings.load(tmp_path / "other/phoenix.toml").name == "billing"
    assert "# billing" in files(tmp_path / "other")["README.md"]


def test_what_exists_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "phoenix.toml").write_text('source_dir = "src"\nname = "mine"\n')
    (tmp_path / ".gitignore").symlink_to(tmp_path / "nowhere")
    assert start(tmp_path) == 0
    found = files(tmp_path)
    assert found["README.md"] == "mine"
    assert found["phoenix.toml"] == 'source_dir = "src"\nname = "mine"\n'
    assert "src/buildspec.yml" in found
    assert not (tmp_path / "nowhere").exists()
    assert "README.md: exists, not changed\n" in capsys.readouterr().out
    assert start(tmp_path) == 0
    assert files(tmp_path) == found


def test_everything_installs_from_a_pinned_commit_and_never_by_name(tmp_path: Path) -> None:
    assert start(tmp_path, "--from", SOURCE) == 0
    found = files(tmp_path)
    installs = [line for text in found.values() for line in text.splitlines() if "pip install" in line]
    assert len(installs) == 4
    assert all(re.search(rf'pip install "phoenix_cfn(\[local\])? @ {re.escape(SOURCE)}"', line) for line in installs)
    assert "(https://github.com/octocat/phoenix_cfn)" in found["README.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "phoenix_cfn"], r"--from: found 'phoenix_cfn'; expected git\+https://<repository>@<commit>"),
        (["--from", "git+https://github.com/o/r@main"], r"with a commit of 40 digits"),
        (["--name", "Prod_1"], r"setting 'name': found 'Prod_1'; expected lower-case words"),
        (["--name", "a" * 60], r"Shorten it by \d+"),
    ],
)
def test_a_wrong_argument_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert start(tmp_path, *arguments) == 2
    assert re.search(message, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_a_folders_place_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app").write_text("a file")
    assert start(tmp_path) == 2
    assert re.search(r"phoenix-cfn init: error of the operating system for .*app: File exists", capsys.readouterr().err)
    assert (tmp_path / "app").read_text() == "a file"


def test_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start(tmp_path)
    assert "Next: add app/Dockerfile, edit phoenix.toml" in capsys.readouterr().out
    (tmp_path / "app/Dockerfile").touch()
    start(tmp_path)
    assert "Next: edit phoenix.toml" in capsys.readouterr().out
