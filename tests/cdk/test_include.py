"""CDK: CfnInclude takes both templates without loss and without a warning."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.render import render
from phoenix_cfn.template import StageTemplate

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


@pytest.fixture(scope="session")
def packages() -> Path:
    """aws-cdk-lib, as the lock file has it."""
    installed, wanted = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
        installed.touch()
    return installed.parent


def synthesized(text: str, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What CDK makes of a template, and what it says of it: messages of the stack and lines on its standard error."""
    file = folder / "template.yml"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["node", HERE / "synthesize.js", file, folder / "cdk.out"], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["template"], [*map(str, answer["messages"]), *done.stderr.splitlines()]


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


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.pipeline.source)
@pytest.mark.parametrize("module", [pipeline, infrastructure], ids=lambda module: module.__name__.rpartition(".")[2])
def test_nothing_is_lost_and_nothing_is_warned_of(module: Any, settings: Settings, tmp_path: Path) -> None:
    template: StageTemplate = module.template(settings)
    ours = spelled_as_cdk(template.to_dict())
    theirs, warnings = synthesized(render(template), tmp_path)
    assert warnings == []
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
    theirs, warnings = synthesized(_SHORT_CONTAINS, tmp_path)
    assert theirs["Rules"]["Known"]["Assertions"][0]["Assert"] == [["dev"], {"Ref": "Stage"}]
    assert any("!Contains" in line for line in warnings)


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
