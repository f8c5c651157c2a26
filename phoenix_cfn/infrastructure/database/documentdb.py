"""DocumentDB in two zones, with encryption, backups, logs and TLS (R3)."""

from __future__ import annotations

from typing import Any

from awacs.aws import StringEquals
from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Sub, ecs
from troposphere.docdb import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBSubnetGroup,
    ServerlessV2ScalingConfiguration,
)
from troposphere.secretsmanager import Secret

from phoenix_cfn.cloudformation.facts.documentdb import parameter_group_family
from phoenix_cfn.common.logs import log_group
from phoenix_cfn.infrastructure.database import Database, reading
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.zones import availability_zone
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.settings import ENGINE_VERSION
from phoenix_cfn.template import GOES_WITH_THE_STACK, suppress

# DocumentDB needs TLS and does not support retryable writes. Users are in `admin`; replicas can serve reads.
_RESTORED = "IsFromSnapshot"
CONNECTION_OPTIONS = "tls=true&replicaSet=rs0&readPreference=primaryPreferred&retryWrites=false&authSource=admin"


@part
def documentdb_database(scope: Scope, network: Network, release: ReleaseParameters) -> Database:
    """The cluster, its instances and log groups, and the secret with the connection string."""
    secret_arn = release.database_secret_arn
    assert secret_arn is not None
    cluster = _cluster(scope, network, secret_arn)
    instances = _instances(scope, cluster)
    connection_secret = _connection_secret(scope, cluster, secret_arn)
    # The cluster is created after all others: during its creation no snapshot is possible, so the rollback of another
    # resource's failure would fail. The service is deleted before the resources that its tasks need.
    scope.template.create_last(cluster)
    scope.template.create_last(*instances)
    secrets = [ecs.Secret(Name=scope.settings.database.variable, ValueFrom=Ref(connection_secret))]
    return Database(
        secrets,
        reading(
            Ref(connection_secret),
            GetAtt(scope.key, "Arn"),
            StringEquals("kms:ViaService", Sub("secretsmanager.${AWS::Region}.amazonaws.com")),
        ),
        cluster,
        instances,
        connection_secret,
    )


def _cluster(scope: Scope, network: Network, secret_arn: Parameter) -> DBCluster:
    """The cluster with its log groups, subnet group and parameter group."""
    logs = [
        log_group(scope, f"Database{kind.title()}LogGroup", f"/aws/docdb/{scope.names.database}/{kind}")
        for kind in ("audit", "profiler")
    ]
    subnets = scope.add(
        DBSubnetGroup(
            "DatabaseSubnetGroup",
            DBSubnetGroupDescription="Isolated subnets: no route in or out of the VPC",
            SubnetIds=[Ref(subnet) for subnet in network.isolated],
        )
    )
    options = scope.add(
        DBClusterParameterGroup(
            "DatabaseParameterGroup",
            Family=parameter_group_family(ENGINE_VERSION),
            Description="TLS only; audit and profiler logs on",
            Parameters={
                "tls": "enabled",
                "audit_logs": "enabled",
                "profiler": "enabled",
                "profiler_threshold_ms": "100",
            },
        )
    )
    return scope.add(
        DBCluster(
            "DatabaseCluster",
            # The cluster would create the log groups without a retention.
            DependsOn=logs,
            DeletionPolicy="Snapshot",
            UpdateReplacePolicy="Snapshot",
            # With a name, which is part of the names of its log groups.
            DBClusterIdentifier=Sub(scope.names.database),
            EngineVersion=ENGINE_VERSION,
            DBClusterParameterGroupName=Ref(options),
            DBSubnetGroupName=Ref(subnets),
            VpcSecurityGroupIds=[GetAtt(network.groups.database, "GroupId")],
            Port=Ref(scope.parameters.mongodb_port),
            **_new_or_restored(scope, secret_arn),
            BackupRetentionPeriod=scope.settings.retention.days,
            CopyTagsToSnapshot=True,
            EnableCloudwatchLogsExports=["audit", "profiler"],
            **_options(scope),
        )
    )


def _new_or_restored(scope: Scope, secret_arn: Parameter) -> dict[str, Any]:
    """User and encryption of a new cluster; a cluster from a snapshot has both from the snapshot.

    https://docs.aws.amazon.com/documentdb/latest/developerguide/API_RestoreDBClusterFromSnapshot.html
    """
    new: dict[str, Any] = {
        "MasterUsername": Ref(scope.parameters.mongodb_master_username),
        "MasterUserPassword": Sub(_password(secret_arn)),
        "StorageEncrypted": True,
    }
    snapshot = scope.parameters.database_snapshot
    if snapshot is None:
        return new
    scope.template.add_condition(_RESTORED, Not(Equals(Ref(snapshot), "")))
    return {
        "SnapshotIdentifier": If(_RESTORED, Ref(snapshot), NoValue),
        **{name: If(_RESTORED, NoValue, value) for name, value in new.items()},
    }


def _options(scope: Scope) -> dict[str, Any]:
    """Optional properties of the settings."""
    settings = scope.settings.database
    found: dict[str, Any] = {}
    if settings.serverless_capacity:
        least, most = settings.serverless_capacity
        found["ServerlessV2ScalingConfiguration"] = ServerlessV2ScalingConfiguration(
            MinCapacity=least, MaxCapacity=most
        )
    if settings.deletion_protection:
        found["DeletionProtection"] = True
        found["Metadata"] = suppress(cfn_lint={"E9954": "database.deletion_protection is set in phoenix.toml."})
    return found


def _instances(scope: Scope, cluster: DBCluster) -> list[DBInstance]:
    """The instances, alternating between the zones."""
    settings = scope.settings.database
    metadata: dict[str, Any] = {}
    if settings.serverless_capacity:
        metadata["Metadata"] = suppress(
            cfn_lint={"E3620": "DocumentDB offers db.serverless; the check does not list it yet."}
        )
    return [
        scope.add(
            DBInstance(
                f"DatabaseInstance{number + 1}",
                # With a name, so that the deploy role can be limited to this stage's instances.
                DBInstanceIdentifier=Sub(f"{scope.names.database_instance}{number + 1}"),
                DBClusterIdentifier=Ref(cluster),
                DBInstanceClass=settings.class_of_instances,
                **metadata,
                **_zone(scope, number),
                **GOES_WITH_THE_STACK,
            )
        )
        for number in range(settings.instances)
    ]


def _zone(scope: Scope, number: int) -> dict[str, Any]:
    """Alternates between both zones; in an existing VPC, whose zones are unknown, DocumentDB chooses."""
    if scope.settings.network.kind == "existing":
        return {}
    return {"AvailabilityZone": availability_zone(scope, number % 2)}


def _connection_secret(scope: Scope, cluster: DBCluster, secret_arn: Parameter) -> Secret:
    """The secret with the connection string of the application."""
    return scope.add(
        Secret(
            "DatabaseConnection",
            Name=Sub(scope.names.connection_secret),
            Description=f"{scope.settings.database.variable} of the tasks",
            KmsKeyId=GetAtt(scope.key, "Arn"),
            **GOES_WITH_THE_STACK,
            SecretString=Sub(
                "mongodb://${MongoDBMasterUsername}:"
                f"{_password(secret_arn)}"
                f"@${{{cluster.title}.Endpoint}}:${{{cluster.title}.Port}}/{scope.settings.name}?{CONNECTION_OPTIONS}"
            ),
        )
    )


def _password(secret_arn: Parameter) -> str:
    """The password as text for Fn::Sub: CloudFormation resolves it from the secret in the deployment."""
    return f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"
