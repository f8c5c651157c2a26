"""The examples are projects as a user has them: their templates are those that the build writes, and pass its gate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from phoenix_cfn.cli import build
from phoenix_cfn.cloudformation.limits import INLINE_BYTES

EXAMPLES = ("orders",)


@pytest.fixture(params=EXAMPLES)
def example(root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the project, without what Git ignores."""
    ignored = shutil.ignore_patterns(".cache", "__pycache__", "phoenix.schema.json")
    return Path(shutil.copytree(root / "examples" / request.param, tmp_path / "project", ignore=ignored))


def test_its_templates_are_those_that_the_build_writes(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [example / "deployed.json", example / ".cfnlintrc", *sorted((example / "templates").iterdir())]
    before = {path: path.read_bytes() for path in files}
    assert build.main([], example, "phoenix-cfn build") == 0, capsys.readouterr().out
    assert {path: path.read_bytes() for path in files} == before, "run phoenix-cfn build in the example"
    assert {path.name for path in (example / "templates").iterdir()} == {"Infrastructure.yml", "Pipeline.yml"}


def test_the_api_takes_its_templates_inline(example: Path) -> None:
    for path in (example / "templates").iterdir():
        assert path.stat().st_size < INLINE_BYTES


def test_its_settings_are_few(example: Path) -> None:
    assert len((example / "phoenix.toml").read_text().splitlines()) <= 25
