"""The database: DocumentDB in two zones, encrypted, backed up, logged, reached only by TLS (R3)."""

from __future__ import annotations

from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.docdb import DBCluster, DBClusterParameterGroup, DBInstance, DBSubnetGroup
from troposphere.secretsmanager import Secret

from phoenix_cfn.cloudformation.facts.documentdb import parameter_group_family
from phoenix_cfn.common.logs import log_group
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.zones import availability_zone
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.settings import ENGINE_VERSION
from phoenix_cfn.template import GOES_WITH_THE_STACK

# What DocumentDB accepts: TLS, no retryable writes. Users live in `admin`; replicas serve reads without a primary.
CONNECTION_OPTIONS = "tls=true&replicaSet=rs0&readPreference=primaryPreferred&retryWrites=false&authSource=admin"


@part
def documentdb(scope: Scope, network: Network, secret_arn: Parameter) -> Database:
    """The cluster, its instances, its logs, and the connection string in a secret."""
    cluster = _cluster(scope, network, secret_arn)
    instances = _instances(scope, cluster)
    connection_secret = _connection_secret(scope, cluster, secret_arn)
    # No snapshot can be taken of a cluster that is being created: the rollback of what fails beside it would fail, too.
    # And so the service goes before what its tasks need, such as routes and their log.
    scope.template.create_last(cluster)
    scope.template.create_last(*instances)
    return Database(cluster, instances, connection_secret)


def _cluster(scope: Scope, network: Network, secret_arn: Parameter) -> DBCluster:
    """The cluster with what it refers to: its log groups, subnets and parameters."""
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
            # The cluster would make the log groups itself, and they would keep everything for ever.
            DependsOn=logs,
            DeletionPolicy="Snapshot",
            UpdateReplacePolicy="Snapshot",
            # Named, because its name is part of the names of its log groups.
            DBClusterIdentifier=Sub(scope.names.database),
            EngineVersion=ENGINE_VERSION,
            DBClusterParameterGroupName=Ref(options),
            DBSubnetGroupName=Ref(subnets),
            VpcSecurityGroupIds=[GetAtt(network.groups.database, "GroupId")],
            Port=Ref(scope.parameters.mongodb_port),
            MasterUsername=Ref(scope.parameters.mongodb_master_username),
            MasterUserPassword=Sub(_password(secret_arn)),
            StorageEncrypted=True,
            BackupRetentionPeriod=scope.settings.retention.days,
            CopyTagsToSnapshot=True,
            EnableCloudwatchLogsExports=["audit", "profiler"],
        )
    )


def _instances(scope: Scope, cluster: DBCluster) -> list[DBInstance]:
    """The instances, in both zones alternately."""
    settings = scope.settings.database
    return [
        scope.add(
            DBInstance(
                f"DatabaseInstance{number + 1}",
                # Named, so that the deploy role can be limited to this stage's instances.
                DBInstanceIdentifier=Sub(f"{scope.names.database_instance}{number + 1}"),
                DBClusterIdentifier=Ref(cluster),
                DBInstanceClass=settings.instance_class,
                AvailabilityZone=availability_zone(scope, number % 2),
                **GOES_WITH_THE_STACK,
            )
        )
        for number in range(settings.instances)
    ]


def _connection_secret(scope: Scope, cluster: DBCluster, secret_arn: Parameter) -> Secret:
    """The connection string, as the application reads it."""
    return scope.add(
        Secret(
            "DatabaseConnection",
            Name=Sub(scope.names.connection_secret),
            Description="DB_CONNECTION_STRING of the tasks",
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
    """The password, for Fn::Sub: CloudFormation reads it from the secret while it deploys."""
    return f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"
