"""A running stage of this project: what the documents state of changes is what the preview predicts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn import infrastructure, pipeline
from phoenix_cfn.changes import pipelines
from phoenix_cfn.changes.outcomes import Data, Outcome
from phoenix_cfn.changes.preview import Preview, preview
from phoenix_cfn.changes.sides import Side
from phoenix_cfn.cloudformation.documents import template_in
from phoenix_cfn.costs.prices import prices
from phoenix_cfn.render import render
from phoenix_cfn.settings import Settings

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dev-phoenix@sha256:"
VALUES = {
    "MongoDBSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dev-AbCdEf",
    "DockerImageURI": IMAGE + "1" * 64,
}


def settings(toml: str, tmp_path: Path) -> Settings:
    (tmp_path / "phoenix.toml").write_text(toml, encoding="utf-8")
    return Settings.load(tmp_path / "phoenix.toml")


def template(chosen: Settings) -> dict[str, Any]:
    return template_in(render(infrastructure.template(chosen)), "Infrastructure.yml")


def after(tmp_path: Path, toml: str = "", **values: str) -> Preview:
    """The preview of a release that changes settings, or values of parameters."""
    return preview(
        Side.of(template(Settings()), "old", VALUES),
        Side.of(template(settings(toml, tmp_path)), "new", VALUES | values),
    )


def outcomes(found: Preview, *names: str) -> list[Outcome]:
    return [found.changes[name].outcome for name in names]


def changed(found: Preview) -> set[str]:
    return {name for name, change in found.changes.items() if change.outcome is not Outcome.UNCHANGED}


def test_the_same_stage_once_more_changes_nothing(tmp_path: Path) -> None:
    assert changed(after(tmp_path)) == set()


def test_a_new_image_makes_a_task_definition_and_updates_the_service_only(tmp_path: Path) -> None:
    found = after(tmp_path, DockerImageURI=IMAGE + "2" * 64)
    assert changed(found) == {"TaskDefinition", "Service"}
    assert outcomes(found, "TaskDefinition", "Service") == [Outcome.REPLACED, Outcome.UPDATED]


def test_another_container_port_interrupts_the_service(tmp_path: Path) -> None:
    """The form says so: the security groups and the target group change before the new tasks are there."""
    found = after(tmp_path, ContainerPort="9090")
    assert outcomes(found, "TargetGroup", "TaskDefinition") == [Outcome.REPLACED, Outcome.REPLACED]
    assert Outcome.INTERRUPTED in outcomes(found, "TaskSecurityGroup", "LoadBalancerSecurityGroup")
    assert found.changes["DatabaseCluster"].outcome is Outcome.UNCHANGED


def test_another_master_user_is_refused_as_the_troubleshooting_says(tmp_path: Path, root: Path) -> None:
    found = after(tmp_path, MongoDBMasterUsername="other")
    assert found.changes["DatabaseCluster"].outcome is Outcome.REFUSED
    assert any(each.property == "MasterUsername" for each in found.changes["DatabaseCluster"].reasons)
    page = (root / "docs/troubleshooting.md").read_text(encoding="utf-8")
    assert re.search(r"custom-named resource requires replacing.*database's master user was changed", page)


def test_another_port_of_the_database_interrupts_it_and_tasks_that_run_keep_the_earlier_one(tmp_path: Path) -> None:
    found = after(tmp_path, MongoDBPort="27018")
    assert found.changes["DatabaseCluster"].outcome is Outcome.INTERRUPTED
    assert outcomes(found, "DatabaseConnection", "Service") == [Outcome.UPDATED, Outcome.UNCHANGED]
    assert [(each.kind, each.subject) for each in found.findings] == [("tasks", "TaskDefinition")]


@pytest.mark.parametrize(
    ("toml", "values"), [('name = "other"', {}), ("", {"StagePrefix": "prod"})], ids=["the service", "the stage"]
)
def test_another_name_replaces_what_carries_it_and_loses_the_logs(
    toml: str, values: dict[str, str], tmp_path: Path
) -> None:
    """docs/parameters.md: what names a stage cannot be changed while it exists."""
    found = after(tmp_path, toml, **values)
    assert {Outcome.REPLACED, Outcome.REFUSED} & {each.outcome for each in found.changes.values()}
    assert Data.LOST in {each.data for each in found.changes.values()}
    assert found.changes["Cluster"].outcome is Outcome.REPLACED
    assert found.changes["Service"].outcome in (Outcome.REPLACED, Outcome.REFUSED)


def test_another_network_is_refused(tmp_path: Path) -> None:
    found = after(tmp_path, '[network]\nvpc_cidr = "10.9.0.0/16"')
    assert outcomes(found, "Vpc", "PublicSubnetA") == [Outcome.REPLACED, Outcome.REPLACED]
    assert set(outcomes(found, "LoadBalancer", "DatabaseSubnetGroup", "NatGatewayA")) == {Outcome.REFUSED}


def test_other_zones_are_refused(tmp_path: Path) -> None:
    found = after(tmp_path, "[network]\navailability_zones = [2, 3]")
    assert Outcome.REFUSED in {each.outcome for each in found.changes.values()}


def test_an_instance_fewer_is_removed_and_its_data_stays_in_the_cluster(tmp_path: Path) -> None:
    found = after(tmp_path, "[database]\ninstances = 1")
    (removed,) = [each for each in found.changes.values() if each.outcome is Outcome.REMOVED]
    assert removed.type == "AWS::DocDB::DBInstance"
    assert removed.data is None


def test_the_pipeline_passes_every_parameter(tmp_path: Path) -> None:
    stage = infrastructure.build(Settings())
    release = Side.of(template_in(render(pipeline.build(Settings(), stage.template).template), "Pipeline.yml"), "p", {})
    passed = pipelines.passed([release.stack], "Infrastructure.yml")
    assert passed is not None
    assert passed >= set(template(Settings())["Parameters"])
    assert pipelines.deploys_with_role([release.stack], "Infrastructure.yml")


def test_one_nat_gateway_fewer_is_cheaper(tmp_path: Path) -> None:
    (cost,) = (each.text for each in after(tmp_path, "[network]\nnat_gateways = 1\n").findings if each.kind == "cost")
    table = prices()
    saved = table.monthly("nat-gateway") + table.monthly("public-address")
    assert cost.startswith(f"-{saved:,.2f} {table.currency}, from ")


def test_what_costs_the_same_is_not_mentioned(tmp_path: Path) -> None:
    assert not [each for each in after(tmp_path, "[alarms]\ncpu_peak_percent = 70\n").findings if each.kind == "cost"]


def test_a_pipeline_that_is_updated_has_another_version_which_its_webhook_names(tmp_path: Path) -> None:
    """A rehearsal saw it."""
    release = template_in(render(pipeline.template(Settings())), "Pipeline.yml")
    old, new = (Side.of(release, "Pipeline.yml", {"ContainerPort": port}) for port in ("8080", "9090"))
    assert outcomes(preview(old, new), "Pipeline", "SourceWebhook") == [Outcome.UPDATED, Outcome.UPDATED]
