"""Facts of Amazon DocumentDB that are not in a registry schema."""

from __future__ import annotations

# Names that DocumentDB refuses for a master user: "reserved word used by the engine".
# https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html
# https://github.com/aws/aws-cdk/pull/13295
RESERVED_USERS = ("admin", "rdsadmin", "serviceadmin")

# Databases of the engine.
# https://www.mongodb.com/docs/manual/reference/connection-string/
RESERVED_DATABASES = ("admin", "config", "local")

# The lowest port of a cluster; the highest is 65535.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
FIRST_PORT = 1150

# The default port of a cluster, and of a connection string.
# https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html
# https://www.mongodb.com/docs/manual/reference/connection-string/
DEFAULT_PORT = 27017

# The families of instance classes by engine version.
# https://docs.aws.amazon.com/documentdb/latest/devguide/docdb-engine-version-supportability.html
INSTANCE_FAMILIES: dict[str, frozenset[str]] = {
    "3.6": frozenset(("r4", "r5", "t3")),
    "4.0": frozenset(("r5", "r6g", "t3", "t4g")),
    "5.0": frozenset(("r5", "r6g", "r6gd", "r8g", "serverless", "t3", "t4g")),
    "8.0": frozenset(("r5", "r6g", "r6gd", "r8g", "serverless", "t3", "t4g")),
}


def line(engine_version: str) -> str:
    """Major and minor version: 5.0 for 5.0.1."""
    return ".".join(engine_version.split(".")[:2])


def parameter_group_family(engine_version: str) -> str:
    """The parameter group family of a version: docdb5.0 for 5.0.1."""
    return f"docdb{line(engine_version)}"


def instance_family(instance_class: str) -> str:
    """The family of a class: t4g for db.t4g.medium."""
    return instance_class.removeprefix("db.").partition(".")[0]


def is_offered(instance_class: str, engine_version: str) -> bool | None:
    """Whether the version supports the instance class; None for an unknown version."""
    families = INSTANCE_FAMILIES.get(line(engine_version))
    return None if families is None else instance_family(instance_class) in families
