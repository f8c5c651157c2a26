"""What IAM has denied to others, as they reported it in public: of it, each role may do what belongs to its stage.

A row of denials.json has the action, the resource as AWS printed it (empty where it printed none), and the source.
`here` is the same resource of this stage; `not ours` says why there is none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.iam.account import _HERE, REGION, Stage
from tests.iam.conftest import PREFIXES, StageOf
from tests.iam.test_roles import ROLES, filled

DENIALS: list[dict[str, str]] = json.loads(Path(__file__).with_name("denials.json").read_text(encoding="utf-8"))
OURS = [each for each in DENIALS if "here" in each]
NOT_OURS = [each for each in DENIALS if "not ours" in each]


def name(row: Any) -> str:
    return f"{row['action']} {row['source'].removeprefix('https://github.com/')}"


def situation(row: dict[str, str], stage: Stage) -> dict[str, str]:
    """What comes with the request."""
    passed_to = "cloudformation.amazonaws.com" if row["role"] == "PipelineRole" else "ecs-tasks.amazonaws.com"
    return {
        "iam:PassedToService": passed_to,
        "iam:PermissionsBoundary": stage.pipeline.arn("RoleBoundary"),
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
    }


def resource(row: dict[str, str], stage: Stage) -> str:
    here = row["here"].replace("{here}", _HERE).replace("dev-phoenix", f"{stage.prefix}-phoenix")
    return filled(here, stage, stage)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("row", OURS, ids=name)
def test_what_belongs_to_the_stage_is_allowed(row: dict[str, str], prefix: str, stage_of: StageOf) -> None:
    stage = stage_of(prefix)
    role, context = stage.role(row["role"]), situation(row, stage)
    # Before what is being created has its tags, and after.
    for tags in ({}, stage.tags | stage.stack_tag):
        assert role.may(row["action"], resource(row, stage), context | tags)


@pytest.mark.parametrize("row", NOT_OURS, ids=name)
def test_other_resources_need_no_permission(row: dict[str, str], dev: Stage) -> None:
    """Or only on another resource: of the row's own no role may do it."""
    context = {"iam:PassedToService": "codebuild.amazonaws.com", "iam:AWSServiceName": "events.amazonaws.com"}
    for role in ROLES:
        assert not dev.role(role).may(row["action"], row["resource"] or "*", context), role


def test_the_table_is_as_it_should_be() -> None:
    assert len(DENIALS) >= 50
    assert len(OURS) >= 40
    for row in DENIALS:
        assert row["source"].startswith("https://github.com/")
        assert ("here" in row) != ("not ours" in row), row
        if "here" in row and row["resource"].startswith("arn:"):
            # The row of this stage is the printed one with other names: of the same service and kind.
            printed, here = row["resource"].split(":"), row["here"].split(":")
            assert row["here"].startswith("{") or printed[2] == here[2], row
    assert len({(row["action"], row["resource"], row["source"]) for row in DENIALS}) == len(DENIALS)


def test_the_printed_resource_is_what_the_local_aws_checks() -> None:
    """Where the table knows better than the reference, the local AWS checks as the table says."""
    permissions = pytest.importorskip("phoenix_cfn.local.aws.permissions")
    checked = permissions._CHECKED_ON
    assert checked["AWS::ECS::TaskDefinition", "ecs:RegisterTaskDefinition"] == ("*",)
    assert "{family}" in checked["AWS::ECS::TaskDefinition", "ecs:TagResource"]
