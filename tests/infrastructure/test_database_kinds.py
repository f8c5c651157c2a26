"""The kinds of the database: DocumentDB with its options, one of your own elsewhere, none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, picture, pipeline
from phoenix_cfn.errors import SettingsError
from tests.stack import Stack, ref, text


def stacks(**database: Any) -> tuple[Stack, Stack]:
    """The stacks of the infrastructure and of the pipeline."""
    settings = Settings.of({"database": database})
    return Stack(infrastructure.template(settings)), Stack(pipeline.template(settings))


def container(stack: Stack) -> dict[str, Any]:
    (found,) = stack.properties("TaskDefinition")["ContainerDefinitions"]
    return dict(found)


def test_without_a_database_nothing_of_mongodb_is_left() -> None:
    stack, release = stacks(kind="none")
    for each in (stack, release):
        assert not [name for name in (*each.resources, *each.parameters) if "Mongo" in name or "Database" in name]
    assert "mongo" not in text(stack.data).lower()
    assert "docdb" not in text(stack.data).lower()
    assert "mongo" not in text(release.data).lower()
    assert "Secrets" not in container(stack)
    assert not [name for name in stack.resources if name.startswith("Isolated")]
    titles = [each["properties"]["title"] for each in graphs(stack)]
    assert "Task CPU (%)" in titles
    assert not [title for title in titles if "database" in title.lower()]


def graphs(stack: Stack) -> list[dict[str, Any]]:
    body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    for name in stack.parameters:
        body = body.replace(f"${{{name}}}", "1")
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def test_the_role_still_deletes_a_cluster_that_a_stage_may_have() -> None:
    """After the kind has changed, the release takes the cluster away."""
    release = Stack(pipeline.template(Settings.of({"database": {"kind": "none"}})))
    assert "rds:DeleteDBCluster" in text(release.data)
    assert 'rds:CreateDBCluster"' not in text(release.data)


def test_an_external_database_is_a_secret_that_ecs_reads_and_a_port() -> None:
    stack, release = stacks(kind="external", variable="DATABASE_URL")
    assert container(stack)["Secrets"] == [{"Name": "DATABASE_URL", "ValueFrom": ref("DatabaseSecretArn")}]
    egress = stack.properties("DatabaseEgress")
    assert (egress["FromPort"], egress["ToPort"]) == (ref("DatabasePort"), ref("DatabasePort"))
    allowed = {each["Sid"]: each for each in stack.statements("TaskExecutionRole")}
    assert allowed["ReadTheConnectionString"]["Resource"] == [ref("DatabaseSecretArn")]
    condition = allowed["DecryptTheConnectionString"]["Condition"]["StringEquals"]
    assert condition["kms:EncryptionContext:SecretARN"] == ref("DatabaseSecretArn")
    assert not stack.of_type("AWS::DocDB::DBCluster")
    assert not stack.of_type("AWS::SecretsManager::Secret")
    assert "DatabaseCredentials" not in release.resources
    overrides = release.properties("Pipeline")["Stages"][-1]["Actions"][0]["Configuration"]["ParameterOverrides"]
    assert '"DatabaseSecretArn":"${DatabaseSecretArn}"' in overrides["Fn::Sub"]


def test_the_boundary_lets_ecs_read_the_external_secret() -> None:
    _, release = stacks(kind="external")
    statements = release.properties("RoleBoundary")["PolicyDocument"]["Statement"]
    assert [each for each in statements if ref("DatabaseSecretArn") in each["Resource"]]


def test_a_cluster_from_a_snapshot_has_its_user_and_its_encryption() -> None:
    stack, release = stacks(from_snapshot=True)
    cluster = stack.properties("DatabaseCluster")
    nothing = ref("AWS::NoValue")
    assert stack.parameters["DatabaseSnapshot"]["Default"] == ""
    assert cluster["SnapshotIdentifier"] == {"Fn::If": ["IsFromSnapshot", ref("DatabaseSnapshot"), nothing]}
    for name in ("MasterUsername", "MasterUserPassword", "StorageEncrypted"):
        assert cluster[name]["Fn::If"][:2] == ["IsFromSnapshot", nothing]
    assert "rds:RestoreDBClusterFromSnapshot" in text(release.data)
    assert "rds:RestoreDBClusterFromSnapshot" not in text(stacks()[1].data)


def test_serverless_instances_have_a_capacity() -> None:
    stack, _ = stacks(serverless_capacity=[0.5, 4])
    assert stack.properties("DatabaseCluster")["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0.5,
        "MaxCapacity": 4,
    }
    assert {each["DBInstanceClass"] for each in stack.of_type("AWS::DocDB::DBInstance").values()} == {"db.serverless"}
    regions = stack.data["Rules"]["RegionHasAllServices"]["Assertions"][0]["Assert"]["Fn::Contains"][0]
    assert "eu-central-1" in regions


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ({"kind": "none", "instances": 1}, r"'database\.instances': found 1; .*database\.kind = 'none'\. Remove it\."),
        ({"kind": "none", "variable": "A"}, r"'database\.variable': .*database\.kind = 'none'"),
        ({"kind": "external", "from_snapshot": True}, r"'database\.from_snapshot': .*database\.kind = 'external'"),
        ({"kind": "external", "serverless_capacity": [1, 2]}, r"'database\.serverless_capacity': "),
        ({"serverless_capacity": [1, 2], "instance_class": "db.r5.large"}, r"either an instance class or a serverless"),
    ],
)
def test_what_contradicts_the_kind_is_refused(database: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.of({"database": database})


def test_the_variable_of_the_database_has_one_value() -> None:
    with pytest.raises(SettingsError, match=r"'service\.variables\.MONGODB_URI': .*which is database\.variable"):
        Settings.of({"database": {"variable": "MONGODB_URI"}, "service": {"variables": {"MONGODB_URI": "a"}}})
    assert Settings.of({"database": {"kind": "none"}, "service": {"secrets": {"DB_CONNECTION_STRING": "sql"}}})


@pytest.mark.parametrize("kind", ["external", "none"])
def test_the_picture_and_the_regions_show_no_cluster(kind: str) -> None:
    stack, release = stacks(kind=kind)
    drawing = picture.architecture(release.data, stack.data)
    assert "DatabaseCluster" not in drawing
    assert "DocumentDB" not in drawing
    assert "isolated" not in drawing
    assert drawing.count("subgraph") == drawing.count("\n  end") + drawing.count("\n    end")
    assert "certificate authority" not in picture.region_table(release.data, stack.data)
