"""The database: a file for each kind."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere.docdb import DBCluster, DBInstance
from troposphere.secretsmanager import Secret


@dataclass(frozen=True)
class Database:
    """`cluster` with its `instances`; `connection_secret`: the connection string, as the application reads it."""

    cluster: DBCluster
    instances: list[DBInstance]
    connection_secret: Secret
