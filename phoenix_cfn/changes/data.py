"""Data: which resources hold some, and what becomes of it when a resource is removed or replaced."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Resource

from .outcomes import Data

# Types whose deletion deletes what users or services have put into them.
# Source: the pages of the services; https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_HOLDING = """
    AmazonMQ::Broker Aurora::Cluster Backup::BackupVault Cassandra::Keyspace Cassandra::Table
    CloudTrail::EventDataStore CodeArtifact::Repository CodeCommit::Repository Cognito::IdentityPool
    Cognito::UserPool DAX::Cluster DMS::ReplicationInstance DocDB::DBCluster DocDBElastic::Cluster
    DynamoDB::GlobalTable DynamoDB::Table EC2::Instance EC2::Volume ECR::PublicRepository ECR::Repository
    EFS::FileSystem ElastiCache::CacheCluster ElastiCache::ReplicationGroup ElastiCache::ServerlessCache
    Elasticsearch::Domain FSx::FileSystem FSx::Volume Glue::Database Glue::Table HealthLake::FHIRDatastore
    IVS::RecordingConfiguration Kendra::Index Kinesis::Stream KinesisVideo::Stream KMS::Key Lightsail::Database
    Lightsail::Disk Logs::LogGroup MSK::Cluster MSK::ServerlessCluster MemoryDB::Cluster Neptune::DBCluster
    NeptuneGraph::Graph OpenSearchServerless::Collection OpenSearchService::Domain QLDB::Ledger RDS::DBCluster
    RDS::DBInstance Redshift::Cluster RedshiftServerless::Namespace S3::Bucket S3Express::DirectoryBucket
    S3Tables::Table S3Tables::TableBucket S3Vectors::VectorBucket SDB::Domain SQS::Queue SSM::Parameter
    SageMaker::FeatureGroup SecretsManager::Secret Timestream::Database Timestream::InfluxDBInstance
    Timestream::Table WorkSpaces::Workspace
"""
_HOLDERS = frozenset(f"AWS::{each}" for each in _HOLDING.split())

# Source: the same page, and cfn-lint's list of types for which AWS accepts the policy Snapshot.
_SNAPSHOTTING = """
    DocDB::DBCluster EC2::Volume ElastiCache::CacheCluster ElastiCache::ReplicationGroup Neptune::DBCluster
    RDS::DBCluster RDS::DBInstance Redshift::Cluster
"""
_SNAPSHOTS = frozenset(f"AWS::{each}" for each in _SNAPSHOTTING.split())


# A resource with one of these cannot be deleted: CloudFormation leaves it. Source: the page of each type.
_PROTECTIONS = ("DeletionProtection", "DeletionProtectionEnabled")


def removed(resource: Resource) -> Data | None:
    """What becomes of its data when a resource is removed from the template: its DeletionPolicy of before decides."""
    policy = resource.attribute("DeletionPolicy").literal or _default(resource)
    return _by(policy, resource)


def replaced(before: Resource, after: Resource) -> Data | None:
    """What becomes of its data when a resource is replaced: the UpdateReplacePolicy of the new template decides."""
    policy = after.attribute("UpdateReplacePolicy")
    if policy.given and policy.literal is None:
        return Data.LOST if _holds(before) else None
    return _by(policy.literal or "Delete", before)


def _by(policy: str, resource: Resource) -> Data | None:
    if not _holds(resource):
        return None
    protected = any(resource[name].true or resource[name].literal == "ACTIVE" for name in _PROTECTIONS)
    if policy.startswith("Retain") or protected:
        return Data.KEPT
    return Data.SNAPSHOT if policy == "Snapshot" and resource.type in _SNAPSHOTS else Data.LOST


def _holds(resource: Resource) -> bool:
    # An instance of a cluster holds nothing of its own.
    return resource.type in _HOLDERS and not (
        resource.type == "AWS::RDS::DBInstance" and resource["DBClusterIdentifier"].given
    )


def _default(resource: Resource) -> str:
    """DeletionPolicy where the template has none."""
    if resource.type == "AWS::RDS::DBCluster":
        return "Snapshot"
    return "Snapshot" if resource.type == "AWS::RDS::DBInstance" else "Delete"


# A number of days that gets smaller deletes what is older, while the resource stays.
# Source: the page of each type.
RETENTION = {
    "AWS::Logs::LogGroup": ("RetentionInDays",),
    "AWS::DocDB::DBCluster": ("BackupRetentionPeriod",),
    "AWS::RDS::DBCluster": ("BackupRetentionPeriod",),
    "AWS::RDS::DBInstance": ("BackupRetentionPeriod",),
    "AWS::Neptune::DBCluster": ("BackupRetentionPeriod",),
    "AWS::Kinesis::Stream": ("RetentionPeriodHours",),
    "AWS::SQS::Queue": ("MessageRetentionPeriod",),
}
