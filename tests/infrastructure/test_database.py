"""The database: reachable by the tasks only, by TLS only, backed up for seven days (R3)."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from tests.stack import Stack, get_att, ref


def test_backups_are_kept_seven_days_and_the_last_data_survive_the_stack(infrastructure_stack: Stack) -> None:
    assert infrastructure_stack.properties("DatabaseCluster")["BackupRetentionPeriod"] == 7
    cluster = infrastructure_stack.resources["DatabaseCluster"]
    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")


def test_snapshots_do_not_depend_on_a_key_that_goes_with_the_stack(infrastructure_stack: Stack) -> None:
    cluster = infrastructure_stack.properties("DatabaseCluster")
    assert cluster["StorageEncrypted"] is True
    assert "KmsKeyId" not in cluster


def test_two_instances_in_two_zones_of_the_isolated_tier(infrastructure_stack: Stack) -> None:
    instances = infrastructure_stack.of_type("AWS::DocDB::DBInstance")
    assert [each["AvailabilityZone"]["Fn::Select"][0] for each in instances.values()] == [0, 1]
    assert infrastructure_stack.properties("DatabaseSubnetGroup")["SubnetIds"] == [
        ref("IsolatedSubnetA"),
        ref("IsolatedSubnetB"),
    ]
    cluster = infrastructure_stack.properties("DatabaseCluster")
    assert cluster["VpcSecurityGroupIds"] == [get_att("DatabaseSecurityGroup", "GroupId")]
    assert cluster["DBSubnetGroupName"] == ref("DatabaseSubnetGroup")


def test_the_version_is_pinned_and_its_parameters_are_of_the_same_family(infrastructure_stack: Stack) -> None:
    version = infrastructure_stack.properties("DatabaseCluster")["EngineVersion"]
    family = infrastructure_stack.properties("DatabaseParameterGroup")["Family"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert family == f"docdb{version.rpartition('.')[0]}"


def test_audit_and_profiler_logs_arrive_in_groups_that_are_there_first(infrastructure_stack: Stack) -> None:
    cluster = infrastructure_stack.properties("DatabaseCluster")
    parameters = infrastructure_stack.properties("DatabaseParameterGroup")["Parameters"]
    assert cluster["DBClusterParameterGroupName"] == ref("DatabaseParameterGroup")
    assert cluster["EnableCloudwatchLogsExports"] == ["audit", "profiler"]
    assert parameters["audit_logs"] == parameters["profiler"] == "enabled"
    name = cluster["DBClusterIdentifier"]["Fn::Sub"]
    for kind, group in (("audit", "DatabaseAuditLogGroup"), ("profiler", "DatabaseProfilerLogGroup")):
        assert infrastructure_stack.properties(group)["LogGroupName"] == {"Fn::Sub": f"/aws/docdb/{name}/{kind}"}
        assert group in infrastructure_stack.resources["DatabaseCluster"]["DependsOn"]


def test_tls_is_on_at_both_ends(infrastructure_stack: Stack) -> None:
    assert infrastructure_stack.properties("DatabaseParameterGroup")["Parameters"]["tls"] == "enabled"
    assert "tls=true" in connection_string(infrastructure_stack)


def connection_string(stack: Stack) -> str:
    found: str = stack.properties("DatabaseConnection")["SecretString"]["Fn::Sub"]
    return found


def test_the_connection_string_is_one_that_documentdb_accepts(infrastructure_stack: Stack) -> None:
    password = "{{resolve:secretsmanager:${MongoDBSecretArn}:SecretString:password}}"
    text = connection_string(infrastructure_stack)
    assert text.startswith(
        f"mongodb://${{MongoDBMasterUsername}}:{password}@${{DatabaseCluster.Endpoint}}:${{DatabaseCluster.Port}}/phoenix?"
    )
    plain = text.replace(password, "secret").replace("${DatabaseCluster.Port}", "27017")
    assert parse_qs(urlsplit(plain.replace("$", "").replace("{", "").replace("}", "")).query) == {
        "tls": ["true"],
        "replicaSet": ["rs0"],
        "readPreference": ["primaryPreferred"],
        "retryWrites": ["false"],
        # Needed, since the string names a database.
        "authSource": ["admin"],
    }


def test_the_password_is_read_from_the_secret_only(infrastructure_stack: Stack) -> None:
    password = infrastructure_stack.properties("DatabaseCluster")["MasterUserPassword"]
    assert password == {"Fn::Sub": "{{resolve:secretsmanager:${MongoDBSecretArn}:SecretString:password}}"}
