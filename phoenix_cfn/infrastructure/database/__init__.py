"""The database: a file for each kind."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from awacs import kms, secretsmanager
from awacs.aws import Allow, Condition, Statement, StringEquals
from msgspec import Struct
from troposphere import AWSHelperFn, Ref, ecs
from troposphere.docdb import DBCluster, DBInstance
from troposphere.secretsmanager import Secret

from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.parameters.release import ReleaseParameters
from phoenix_cfn.scope import Scope


class Database(Struct, frozen=True):
    """The connection of the tasks to a database.

    `secrets`: the container's variable with the connection string; `statements`: the permissions of ECS to read it.
    `cluster`, `instances` and `connection_secret` (the connection string): of DocumentDB; None or empty for others.
    """

    secrets: list[ecs.Secret] = []
    statements: list[Statement] = []
    cluster: DBCluster | None = None
    instances: list[DBInstance] = []
    connection_secret: Secret | None = None


def reading(secret: Ref, key: AWSHelperFn, condition: StringEquals) -> list[Statement]:
    """The permissions of ECS to read the connection string, and to decrypt it with the key under the condition."""
    return [
        Statement(
            Sid="ReadTheConnectionString", Effect=Allow, Action=[secretsmanager.GetSecretValue], Resource=[secret]
        ),
        Statement(
            Sid="DecryptTheConnectionString",
            Effect=Allow,
            Action=[kms.Decrypt],
            Resource=[key],
            Condition=Condition(condition),
        ),
    ]


def database_of_kind(scope: Scope, network: Network, release: ReleaseParameters) -> Database:
    """The database of the kind in the settings: documentdb.py for `documentdb`."""
    kind = scope.settings.database.kind
    build = cast(
        Callable[[Scope, Network, ReleaseParameters], Database],
        getattr(import_module(f"{__name__}.{kind}"), f"{kind}_database"),
    )
    return build(scope, network, release)
