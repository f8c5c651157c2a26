"""An external database: an existing secret contains its connection string."""

from __future__ import annotations

from awacs.aws import StringEquals
from troposphere import GetAtt, Ref, Sub, ecs
from troposphere.ec2 import SecurityGroupEgress

from phoenix_cfn.infrastructure.database import Database, reading
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope, part


@part
def external_database(scope: Scope, network: Network, _release: ReleaseParameters) -> Database:
    """The tasks may connect to its port; ECS passes the secret, which may be encrypted with a key of this account."""
    secret, port = scope.parameters.database_secret_arn, scope.parameters.database_port
    scope.add(
        SecurityGroupEgress(
            "DatabaseEgress",
            GroupId=GetAtt(network.groups.tasks, "GroupId"),
            Description="Connections to the database",
            IpProtocol="tcp",
            FromPort=Ref(port),
            ToPort=Ref(port),
            CidrIp="0.0.0.0/0",
        )
    )
    statements = reading(
        Ref(secret),
        Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        StringEquals(
            {
                "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com"),
                "kms:EncryptionContext:SecretARN": Ref(secret),
            }
        ),
    )
    return Database([ecs.Secret(Name=scope.settings.database.variable, ValueFrom=Ref(secret))], statements)
