"""ParameterOverrides fit into an action of CodePipeline, or the build says that long values will not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import Settings, pipeline
from phoenix_cfn.cli import build
from phoenix_cfn.pipeline.overrides import LIMIT, longest_overrides
from tests.gated import ROOT

FITS: list[dict[str, Any]] = [
    {},
    {"name": "a-service-of-20-char"},
    {"load_balancer": {"https": "domain"}},
    {"load_balancer": {"https": "certificate"}},
    {"database": {"from_snapshot": True}},
    {"deployment": {"strategy": "codedeploy", "approval": True}},
    {"database": {"kind": "external"}, "load_balancer": {"https": "domain"}},
    {"network": {"kind": "existing"}, "database": {"kind": "none"}},
    {"network": {"kind": "existing"}, "database": {"kind": "none"}, "load_balancer": {"https": "domain"}},
]
EVERYTHING = {
    "network": {"kind": "existing"},
    "load_balancer": {"https": "domain"},
    "database": {"from_snapshot": True},
}


def longest(chosen: dict[str, Any]) -> int:
    settings = Settings.of(chosen)
    return longest_overrides(pipeline.template(settings).to_dict(), settings.name)


@pytest.mark.parametrize("chosen", FITS, ids=str)
def test_the_longest_values_fit(chosen: dict[str, Any]) -> None:
    assert longest(chosen) <= LIMIT


def test_the_length_is_that_of_the_text_with_the_longest_values() -> None:
    """Counted by hand for the default settings, but for the names of parameters."""
    template = pipeline.template(Settings()).to_dict()
    (action,) = template["Resources"]["Pipeline"]["Properties"]["Stages"][-1]["Actions"]
    text = action["Configuration"]["ParameterOverrides"]["Fn::Sub"]
    values = {
        "StagePrefix": 20,
        "ContainerPort": 5,
        "MinRunningTasks": 2,
        "MaxRunningTasks": 2,
        "RequestsPerSecondPerTask": 5,
        "AutoScalingTargetValue": 2,
        "MongoDBMasterUsername": 63,
        "MongoDBPort": 5,
        "NotificationEmail": 100,
        # arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:<20>-phoenix-database-a1B2c3
        "DatabaseCredentials": 65 + 20 + 17 + 7,
        # arn:aws-us-gov:iam::123456789012:policy/<128>
        "RoleBoundary": 40 + 128,
    }
    for name, length in values.items():
        text = text.replace(f"${{{name}}}", "x" * length)
    assert longest({}) == len(text)


def test_the_build_says_where_long_values_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert longest(EVERYTHING) > LIMIT
    (tmp_path / "phoenix.toml").write_text(
        '[network]\nkind = "existing"\n[load_balancer]\nhttps = "domain"\n[database]\nfrom_snapshot = true\n'
    )
    (tmp_path / ".cfnlintrc").write_text((ROOT / "phoenix_cfn/cli/skeleton/cfnlintrc").read_text())
    (tmp_path / "app").mkdir()
    (tmp_path / "app/buildspec.yml").write_text((ROOT / "app/buildspec.yml").read_text())
    (tmp_path / "templates").mkdir()
    assert build.main([], tmp_path, "phoenix-cfn build") == 0
    assert "ParameterOverrides in Pipeline.yml can have" in capsys.readouterr().out
