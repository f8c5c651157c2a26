"""The database: DocumentDB in two zones, encrypted, backed up, logged, reached only by TLS (R3)."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.docdb import DBCluster, DBClusterParameterGroup, DBInstance, DBSubnetGroup
from troposphere.kms import Key
from troposphere.secretsmanager import Secret

from phoenix_cfn.facts import documentdb
from phoenix_cfn.infrastructure.network import Network, availability_zone
from phoenix_cfn.infrastructure.security_groups import SecurityGroups
from phoenix_cfn.logs import log_group
from phoenix_cfn.naming import Names
from phoenix_cfn.parameters import StageParameters
from phoenix_cfn.settings import ENGINE_VERSION, Settings
from phoenix_cfn.template import GOES_WITH_THE_STACK, StageTemplate

# What DocumentDB accepts: TLS, no retryable writes. Users live in `admin`; replicas serve reads without a primary.
CONNECTION_OPTIONS = "tls=true&replicaSet=rs0&readPreference=primaryPreferred&retryWrites=false&authSource=admin"


@dataclass(frozen=True)
class Database:
    """`connection_secret` holds the whole connection string, as the application wants it."""

    cluster: DBCluster
    instances: list[DBInstance]
    connection_secret: Secret


def database(
    template: StageTemplate,
    settings: Settings,
    parameters: StageParameters,
    secret_arn: Parameter,
    key: Key,
    network: Network,
    groups: SecurityGroups,
) -> Database:
    """The cluster, its instances, its logs, and the connection string in a secret."""
    names = Names.of(settings.name)
    logs = [
        log_group(template, f"Database{kind.title()}LogGroup", f"/aws/docdb/{names.database}/{kind}", key, settings)
        for kind in ("audit", "profiler")
    ]
    subnets = template.add_resource(
        DBSubnetGroup(
            "DatabaseSubnetGroup",
            DBSubnetGroupDescription="Isolated subnets: no route in or out of the VPC",
            SubnetIds=[Ref(subnet) for subnet in network.isolated],
        )
    )
    options = template.add_resource(
        DBClusterParameterGroup(
            "DatabaseParameterGroup",
            Family=documentdb.parameter_group_family(ENGINE_VERSION),
            Description="TLS only; audit and profiler logs on",
            Parameters={
                "tls": "enabled",
                "audit_logs": "enabled",
                "profiler": "enabled",
                "profiler_threshold_ms": "100",
            },
        )
    )
    cluster = template.add_resource(
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
            VpcSecurityGroupIds=[GetAtt(groups.database, "GroupId")],
            Port=Ref(parameters.mongodb_port),
            MasterUsername=Ref(parameters.mongodb_master_username),
            MasterUserPassword=Sub(f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"),
            StorageEncrypted=True,
            BackupRetentionPeriod=settings.retention_days,
            CopyTagsToSnapshot=True,
            EnableCloudwatchLogsExports=["audit", "profiler"],
        )
    )
    instances = [
        template.add_resource(
            DBInstance(
                f"DatabaseInstance{number + 1}",
                # Named, so that the deploy role can be limited to this stage's instances.
                DBInstanceIdentifier=Sub(f"{names.database_instance}{number + 1}"),
                DBClusterIdentifier=Ref(cluster),
                DBInstanceClass=settings.database_instance_class,
                AvailabilityZone=availability_zone(settings, number % len(settings.availability_zones)),
                **GOES_WITH_THE_STACK,
            )
        )
        for number in range(settings.database_instances)
    ]
    connection_secret = template.add_resource(
        Secret(
            "DatabaseConnection",
            Name=Sub(names.connection_secret),
            Description="DB_CONNECTION_STRING of the tasks",
            KmsKeyId=GetAtt(key, "Arn"),
            **GOES_WITH_THE_STACK,
            SecretString=Sub(
                "mongodb://${MongoDBMasterUsername}:"
                f"{{{{resolve:secretsmanager:${{{secret_arn.title}}}:SecretString:password}}}}"
                f"@${{{cluster.title}.Endpoint}}:${{{cluster.title}.Port}}/{settings.name}?{CONNECTION_OPTIONS}"
            ),
        )
    )
    return Database(cluster, instances, connection_secret)
