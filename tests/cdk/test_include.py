"""CDK: CfnInclude takes both templates without loss and without a warning."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.render import render

HERE = Path(__file__).parent
# The defaults, and each other kind of source with as much else changed as goes together.
SETTINGS = [
    Settings(),
    Settings.of(
        {
            "pipeline": {"source": "github-connection"},
            "service": {"cpu_architecture": "ARM64"},
            "database": {"instances": 1},
            "retention": {"days": 14},
        }
    ),
    # With a higher limit, CDK's validator says that it does not analyze all of the Rule about it (W9052).
    Settings.of({"name": "shop", "pipeline": {"source": "codecommit"}, "scaling": {"tasks_limit": 15}}),
]

MODULES = (pipeline, infrastructure)


@pytest.fixture(scope="session")
def packages() -> Path:
    """aws-cdk-lib, as the lock file has it."""
    installed, wanted = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
        installed.touch()
    return installed.parent


@dataclass(frozen=True)
class Synthesized:
    """What CDK makes of a template, its messages of the stack, and the lines that the process has written to stderr."""

    template: dict[str, Any]
    messages: list[str]
    lines: list[str]


def synthesize(folder: Path, *texts: str) -> list[Synthesized]:
    """Of each template, in one process."""
    files = [folder / f"{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    command: list[str | Path] = ["node", HERE / "synthesize.js", folder / "cdk.out", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    lines = done.stderr.splitlines()
    return [Synthesized(each["template"], [*map(str, each["messages"])], lines) for each in found]


@pytest.fixture(scope="module")
def included(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Any, Settings], Synthesized]:
    """Both templates of all settings."""
    folder = tmp_path_factory.mktemp("cdk")
    cases = [(module, settings) for module in MODULES for settings in SETTINGS]
    return dict(zip(cases, synthesize(folder, *(render(m.template(s)) for m, s in cases)), strict=True))


def spelled_as_cdk(value: Any) -> Any:
    """With GetAtt as text and DependsOn as a sorted list, as CDK writes what means the same."""
    if isinstance(value, list):
        return [spelled_as_cdk(each) for each in value]
    if not isinstance(value, dict):
        return value
    spelled = {key: spelled_as_cdk(each) for key, each in value.items()}
    if isinstance(spelled.get("Fn::GetAtt"), list):
        spelled["Fn::GetAtt"] = ".".join(spelled["Fn::GetAtt"])
    if "DependsOn" in spelled:
        dependencies = spelled["DependsOn"]
        spelled["DependsOn"] = sorted([dependencies] if isinstance(dependencies, str) else dependencies)
    return spelled


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.pipeline.source)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_nothing_is_lost_and_nothing_is_warned_of(
    module: Any, settings: Settings, included: dict[tuple[Any, Settings], Synthesized]
) -> None:
    found = included[module, settings]
    assert (found.messages, found.lines) == ([], [])
    ours, theirs = spelled_as_cdk(module.template(settings).to_dict()), found.template
    assert set(theirs) == set(ours)
    for section, content in ours.items():
        if isinstance(content, dict):
            assert set(theirs[section]) == set(content), section
            for name, each in content.items():
                assert theirs[section][name] == each, f"{section}/{name}"
        else:
            assert theirs[section] == content, section


@pytest.mark.usefixtures("packages")
def test_a_loss_is_seen(tmp_path: Path) -> None:
    """CDK does not know the tag of `!Contains`: it keeps the arguments only, and warns."""
    (found,) = synthesize(tmp_path, _SHORT_CONTAINS)
    assert found.template["Rules"]["Known"]["Assertions"][0]["Assert"] == [["dev"], {"Ref": "Stage"}]
    assert any("!Contains" in line for line in [*found.messages, *found.lines])


_SHORT_CONTAINS = """
Parameters: {Stage: {Type: String}}
Rules: {Known: {Assertions: [{Assert: !Contains [[dev], !Ref Stage]}]}}
Resources: {Topic: {Type: AWS::SNS::Topic}}
"""


def test_the_lock_file_names_no_host() -> None:
    """Where packages come from is each machine's own setting; what they are is pinned by their integrity."""
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        if name and not package.get("inBundle"):
            assert "resolved" not in package
            assert package["integrity"].startswith("sha512-")
