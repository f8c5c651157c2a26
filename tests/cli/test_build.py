"""The command: it writes what passes the gate, touches nothing else, and says in one line what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phoenix_cfn import verdict
from phoenix_cfn.cli import build
from phoenix_cfn.cli.outcome import reported
from phoenix_cfn.cloudformation.limits import INLINE_BYTES


@pytest.fixture(scope="module")
def built(root: Path, cfnlintrc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own with the default settings, built once."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copy(root / "build.py", copy)
    shutil.copy(cfnlintrc, copy / ".cfnlintrc")
    (copy / "phoenix.toml").touch()
    (copy / "templates").mkdir()
    for name in ("phoenix_cfn", "app"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("node_modules"))
    assert run(copy).returncode == 0
    return copy


@pytest.fixture
def checkout(built: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    shutil.copytree(built, copy)
    return copy


@pytest.fixture
def known_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process builds has passed the gate before."""
    monkeypatch.setattr(verdict, "is_known_clean", lambda *_: True)


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


@pytest.mark.settings
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


def test_an_unchanged_build_loads_nothing_that_only_a_change_needs(checkout: Path) -> None:
    """Such as cfn-lint and its libraries: they would take longer than all the rest of the build."""
    show = "import atexit, runpy, sys; atexit.register(lambda: print(*sys.modules)); "
    result = subprocess.run(
        [sys.executable, "-c", show + "runpy.run_path('build.py', run_name='__main__')"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.count("unchanged") == 2, result.stderr
    loaded = set(result.stdout.splitlines()[-1].split())
    assert "phoenix_cfn.verdict" in loaded
    late = {
        "cfnlint",
        "jsonschema",
        "importlib.metadata",
        "multiprocessing",
        "networkx",
        "pickle",
        "subprocess",
        "sympy",
    }
    late |= {"tempfile", "phoenix_cfn.explanation", "phoenix_cfn.gate", "phoenix_cfn.local", "phoenix_cfn.rules"}
    assert not loaded & late


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
        ("[service]\ncontainer_port = 0\n", "found 0; expected a whole number from 1024 to 65535"),
        ("[service]\ncontainer_port = 70000\n", "found 70000"),
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
        r"^build.py: cannot write to .*templates: No such file or directory\. Create the folder", result.stderr
    )


def test_a_file_in_the_folders_place_is_a_clear_error(checkout: Path) -> None:
    shutil.rmtree(checkout / "templates")
    (checkout / "templates").write_text("not a folder")
    result = run(checkout)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.usefixtures("known_clean")
def test_a_folder_that_may_not_be_written_is_a_clear_error(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "templates/Pipeline.yml").write_text("old")
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert reported("build.py", lambda: build.main([], checkout, "build.py")) == 2
    assert "Permission denied. Create the folder or make it writable" in capsys.readouterr().err
    assert (checkout / "templates/Pipeline.yml").read_text() == "old"


@pytest.mark.usefixtures("known_clean")
def test_an_interrupted_write_leaves_the_old_files_and_no_rubbish(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Pipeline.yml", "Infrastructure.yml"):
        (checkout / "templates" / name).write_text("old")
    before = contents(checkout / "templates")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build.main([], checkout, "build.py")
    assert contents(checkout / "templates") == before


def test_a_finding_is_printed_with_its_path_and_author_and_nothing_is_written(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(checkout / "templates")
    (checkout / "phoenix.toml").write_text('extension = "own.py"\n')
    (checkout / "own.py").write_text(
        "from troposphere import Ref\n"
        "from troposphere.sns import Topic\n"
        "def extend_infrastructure(infrastructure):\n"
        "    infrastructure.scope.add(Topic('Loud', KmsMasterKeyId=Ref('Nobody')))\n"
    )
    assert build.main([], checkout, "build.py") == 1
    printed = capsys.readouterr().out
    assert re.search(r"^E\d{4} 'Nobody' is not one of", printed, re.MULTILINE), printed
    assert re.search(r"^templates/Infrastructure.yml:\d+:\d+$", printed, re.MULTILINE)
    assert "  at Resources/Loud/Properties/KmsMasterKeyId/Ref\n" in printed
    assert "  written by own.extend_infrastructure\n" in printed
    assert re.search(r"Infrastructure.yml +\d+ .* 1  not written", printed)
    assert contents(checkout / "templates") == before


@pytest.mark.usefixtures("known_clean")
def test_the_rules_numbers_follow_the_settings(checkout: Path) -> None:
    (checkout / "phoenix.toml").write_text("[retention]\ndays = 14\n[scaling]\nrequests_per_second_per_task = 50\n")
    before = (checkout / ".cfnlintrc").read_bytes()
    assert run(checkout, "--check").returncode == 1
    assert (checkout / ".cfnlintrc").read_bytes() == before
    result = run(checkout)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert "RetentionInDays: 14" in (checkout / "templates/Infrastructure.yml").read_text()
    assert run(checkout, "--check").returncode == 0
    (checkout / "phoenix.toml").write_text("")
    assert build.main([], checkout, "build.py") == 0
    assert (checkout / ".cfnlintrc").read_bytes() == before


def test_the_schema_of_the_settings_is_kept_beside_them(checkout: Path) -> None:
    (checkout / "phoenix.schema.json").write_text("{}")
    assert run(checkout, "--check").returncode == 1
    assert "phoenix.schema.json: written" in run(checkout).stdout
    assert run(checkout, "--check").returncode == 0


def test_a_configuration_in_the_home_opens_nothing_and_is_reported(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E, W, I]\n")
    (checkout / "phoenix.toml").write_text("[scaling]\nmax_tasks = 2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = run(checkout)
    assert result.returncode == 1
    assert "E9606" in result.stdout
    (checkout / "phoenix.toml").write_text("")
    assert f"{tmp_path / '.cfnlintrc'}: `cfn-lint` reads this file" in run(checkout).stdout


@pytest.mark.parametrize("place", ["home", "cache"])
def test_schemas_that_cfn_lint_has_downloaded_change_nothing_and_are_reported(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """`cfn-lint --update-specs` keeps them there; a bare cfn-lint reads them where its own are older."""
    schemas = tmp_path / place / (".cache/aws" if place == "home" else "aws") / "cfn-lint/schemas"
    (schemas / "providers").mkdir(parents=True)
    (schemas / "providers/us-east-1.json").write_text("{}")
    (schemas / "version.json").write_text('{"schema_date": "2999-01-01T00:00:00Z"}')
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv({"home": "HOME", "cache": "XDG_CACHE_HOME"}[place], str(tmp_path / place))
    template = tmp_path / "template.yml"
    template.write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    bare = subprocess.run([cfn_lint, template], cwd=tmp_path, capture_output=True, text=True)
    assert "E3006" in bare.stdout
    (checkout / "phoenix.toml").write_text("[alarms]\ncpu_peak_percent = 70\n")
    result = run(checkout)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{schemas / 'providers'}: `cfn-lint` reads this folder" in result.stdout


@pytest.mark.usefixtures("known_clean")
def test_a_size_beyond_what_the_api_takes_inline_is_reported(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "phoenix.toml").write_text("[scaling]\ntasks_limit = 40\n")
    assert build.main([], checkout, "build.py") == 0
    size = (checkout / "templates/Pipeline.yml").stat().st_size
    expected = f"Pipeline.yml has {size} bytes, {size - 51_200} more than the API accepts inline"
    assert expected in capsys.readouterr().out


def test_templates_stay_usable_inline(default_templates: Path) -> None:
    for path in default_templates.iterdir():
        assert path.stat().st_size < INLINE_BYTES
