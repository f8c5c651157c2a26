"""DocumentDB's corrections."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.lab import Lab


def cluster(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::DocDB::DBCluster",
        "Properties": {
            "DBClusterIdentifier": "lab-db",
            "MasterUsername": "lab",
            "MasterUserPassword": "long-enough",
            **properties,
        },
    }


def test_clusters_answer(lab: Lab, aws: LocalAws) -> None:
    outputs = lab.deploy({"Cluster": cluster()}, {"Endpoint": {"Fn::GetAtt": ["Cluster", "Endpoint"]}})
    assert outputs["Endpoint"].startswith("lab-db.cluster-")
    [container] = [each for each in aws.containers() if "lab-db" in each.name]
    assert str(aws.settings.port) in container.name, "unique in an engine that others use too"
    address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    context = ssl.create_default_context(cafile=str(aws.settings.state / "local-ca.pem"))
    with socket.create_connection((address, 27017), timeout=5) as plain:
        # The certificate is for the endpoint's name.
        context.wrap_socket(plain, server_hostname=outputs["Endpoint"]).close()


def test_bad_passwords_are_refused(lab: Lab) -> None:
    for password in ("short", "with@sign-in-it"):
        assert "not a valid password" in lab.failure({"Cluster": cluster(MasterUserPassword=password)})


def test_users_and_ports_are_checked(lab: Lab) -> None:
    for user in ("admin", "RdsAdmin", "serviceadmin"):
        assert f"MasterUsername {user} cannot be used" in lab.failure({"Cluster": cluster(MasterUsername=user)})
    assert "not a valid identifier" in lab.failure({"Cluster": cluster(MasterUsername="a-b")})
    assert "Invalid endpoint port 443" in lab.failure({"Cluster": cluster(Port=443)})


def test_instance_classes_follow_the_version(lab: Lab) -> None:
    instance = {
        "Type": "AWS::DocDB::DBInstance",
        "Properties": {"DBClusterIdentifier": {"Ref": "Cluster"}, "DBInstanceClass": "db.r4.large"},
    }
    failure = lab.failure({"Cluster": cluster(EngineVersion="5.0.0"), "Instance": instance})
    assert "does not support creating a DB instance" in failure


def test_logs_are_exported(lab: Lab, aws: LocalAws) -> None:
    """Into groups that keep everything for ever, unless somebody made them before."""
    parameters = {
        "Type": "AWS::DocDB::DBClusterParameterGroup",
        "Properties": {"Family": "docdb5.0", "Description": "lab", "Parameters": {"audit_logs": "enabled"}},
    }
    lab.deploy(
        {
            "Parameters": parameters,
            "Cluster": cluster(
                DBClusterParameterGroupName={"Ref": "Parameters"}, EnableCloudwatchLogsExports=["audit", "profiler"]
            ),
        }
    )
    logs = aws.client("logs")
    [group] = logs.describe_log_groups(logGroupNamePrefix="/aws/docdb/lab-db/")["logGroups"]
    assert group["logGroupName"] == "/aws/docdb/lab-db/audit"
    assert "retentionInDays" not in group
    logs.delete_log_group(logGroupName=group["logGroupName"])


def test_deletion_leaves_a_snapshot(lab: Lab, aws: LocalAws) -> None:
    lab.deploy({"Cluster": {**cluster(), "DeletionPolicy": "Snapshot"}})
    lab.clean()
    docdb = aws.client("docdb")
    found = docdb.describe_db_cluster_snapshots(DBClusterIdentifier="lab-db")["DBClusterSnapshots"]
    assert len(found) == 1
    docdb.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=found[0]["DBClusterSnapshotIdentifier"])


def test_clusters_take_their_time(lab: Lab, aws: LocalAws) -> None:
    """What fails beside a cluster meets it while it is created: no snapshot can be taken, and the rollback fails."""
    failing = {"Type": "AWS::SNS::Topic"}
    snapshot = {**cluster(), "DeletionPolicy": "Snapshot"}
    aws.fail("lab-beside", "Topic", "as it was told")
    name = lab.begin({"Cluster": snapshot, "Topic": failing}, StackName="lab-beside")
    assert lab.settled(name) == "ROLLBACK_FAILED"
    assert "lab-db is not currently in the available state" in lab.reasons(name)
    assert lab.delete(name) in ("", "DELETE_COMPLETE")
    aws.fail("lab-after", "Topic", "as it was told")
    name = lab.begin({"Cluster": snapshot, "Topic": {**failing, "DependsOn": "Cluster"}}, StackName="lab-after")
    assert lab.settled(name) == "ROLLBACK_COMPLETE"
    lab.clean()
    docdb = aws.client("docdb")
    for each in docdb.describe_db_cluster_snapshots(DBClusterIdentifier="lab-db")["DBClusterSnapshots"]:
        docdb.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=each["DBClusterSnapshotIdentifier"])


def test_a_cluster_is_available_when_its_stack_is_complete(lab: Lab, aws: LocalAws) -> None:
    lab.deploy({"Cluster": cluster()})
    assert aws.client("docdb").describe_db_clusters()["DBClusters"][0]["Status"] == "available"
