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
    settings, names = scope.settings, scope.names
    logs = [
        log_group(scope, f"Database{kind.title()}LogGroup", f"/aws/docdb/{names.database}/{kind}")
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
    cluster = scope.add(
        DBCluster(
            "DatabaseCluster",
            # The cluster would make the log groups itself, and they would keep everything for ever.
            DependsOn=logs,
            DeletionPolicy="Snapshot",
            UpdateReplacePolicy="Snapshot",
            # Named, because its name is part of the names of its log groups.
            DBClusterIdentifier=Sub(names.database),
            EngineVersion=ENGINE_VERSION,
            DBClusterParameterGroupName=Ref(options),
            DBSubnetGroupName=Ref(subnets),
            VpcSecurityGroupIds=[GetAtt(network.groups.database, "GroupId")],
            Port=Ref(scope.parameters.mongodb_port),
            MasterUsername=Ref(scope.parameters.mongodb_master_username),
            MasterUserPassword=Sub(f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"),
            StorageEncrypted=True,
            BackupRetentionPeriod=settings.retention.days,
            CopyTagsToSnapshot=True,
            EnableCloudwatchLogsExports=["audit", "profiler"],
        )
    )
    instances = [
        scope.add(
            DBInstance(
                f"DatabaseInstance{number + 1}",
                # Named, so that the deploy role can be limited to this stage's instances.
                DBInstanceIdentifier=Sub(f"{names.database_instance}{number + 1}"),
                DBClusterIdentifier=Ref(cluster),
                DBInstanceClass=settings.database.instance_class,
                AvailabilityZone=availability_zone(scope, number % 2),
                **GOES_WITH_THE_STACK,
            )
        )
        for number in range(settings.database.instances)
    ]
    connection_secret = scope.add(
        Secret(
            "DatabaseConnection",
            Name=Sub(names.connection_secret),
            Description="DB_CONNECTION_STRING of the tasks",
            KmsKeyId=GetAtt(scope.key, "Arn"),
            **GOES_WITH_THE_STACK,
            SecretString=Sub(
                "mongodb://${MongoDBMasterUsername}:"
                f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"
                f"@${{{cluster.title}.Endpoint}}:${{{cluster.title}.Port}}/{settings.name}?{CONNECTION_OPTIONS}"
            ),
        )
    )
    # No snapshot can be taken of a cluster that is being created: the rollback of what fails beside it would fail, too.
    # And so the service goes before what its tasks need, such as routes and their log.
    scope.template.create_last(cluster)
    scope.template.create_last(*instances)
    return Database(cluster, instances, connection_secret)
