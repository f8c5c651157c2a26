"""The database: a file for each kind."""

from __future__ import annotations

from msgspec import Struct
from troposphere.docdb import DBCluster, DBInstance
from troposphere.secretsmanager import Secret


class Database(Struct, frozen=True):
    """`cluster` with its `instances`; `connection_secret`: the connection string, as the application reads it."""

    cluster: DBCluster
    instances: list[DBInstance]
    connection_secret: Secret
