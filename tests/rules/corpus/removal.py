"""Faults and near misses: the removal of a stage."""

from __future__ import annotations

from tests.rules.house import Case, drop, fault, forbid, near_miss, put, ref, remove

CASES: list[Case] = [
    fault("E9951", "the repository blocks its removal", drop("Repository/EmptyOnDelete")),
    near_miss(
        "E9951",
        "the repository is kept",
        drop("Repository/EmptyOnDelete"),
        drop("Repository/RepositoryName"),
        put("Repository:/DeletionPolicy", "Retain"),
    ),
    fault("E9952", "the bucket blocks its removal", remove("BucketEmptier")),
    near_miss("E9952", "the bucket is kept", remove("BucketEmptier"), put("ArtifactBucket:/DeletionPolicy", "Retain")),
    fault(
        "E9953",
        "the function that empties the bucket lacks permissions",
        forbid("BucketEmptierRole", "s3:DeleteObjectVersion"),
    ),
    near_miss(
        "E9953",
        "a bucket without versions",
        drop("ArtifactBucket/VersioningConfiguration"),
        forbid("BucketEmptierRole", "s3:DeleteObjectVersion"),
    ),
    fault("E9954", "the database is protected against deletion", put("DatabaseCluster/DeletionProtection", True)),
    near_miss(
        "E9954",
        "a parameter protects the database",
        put("/Parameters/Protect", {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}),
        put("DatabaseCluster/DeletionProtection", ref("Protect")),
    ),
    fault("E9955", "the database's key goes with the stack", put("DatabaseCluster/KmsKeyId", ref("EncryptionKey"))),
    near_miss(
        "E9955",
        "the database's key stays",
        put("DatabaseCluster/KmsKeyId", ref("EncryptionKey")),
        put("EncryptionKey:/DeletionPolicy", "Retain"),
    ),
    fault("E9956", "a log group is kept, with its name", put("TaskLogGroup:/DeletionPolicy", "Retain")),
    near_miss(
        "E9956",
        "a log group is kept, its name is CloudFormation's",
        put("BucketEmptierLogGroup:/DeletionPolicy", "Retain"),
        drop("BucketEmptierLogGroup/LogGroupName"),
    ),
]
