"""Where values decide: databases, caches and search domains."""

from __future__ import annotations

from .effects import Effect, Rules, Update, interrupts, literal, may_replace, refuses, replaces, unknown, updates

_MODIFYING = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html"
_DOCDB_UPGRADE = "https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-mvu.html"
_DOCDB_ISSUE = "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2547"
_RESTORED = "another snapshot is restored into a new database, and the earlier one is deleted"


def _backup_retention(update: Update) -> Effect:
    numbers = update.numbers
    if numbers is not None and 0 not in numbers:
        return updates("between two periods above zero, without interruption", _MODIFYING)
    return interrupts("backups are switched on or off, which takes the instance down for a moment", _MODIFYING)


_ENGINE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html"
)


def _engine(update: Update) -> Effect | None:
    if update.old is None or update.new is None:
        return None
    if update.new == f"{update.old}-cdb":
        return interrupts("the architecture of Oracle's databases is converted")
    return replaces("another engine", _ENGINE)


def _storage(update: Update) -> Effect | None:
    return refuses("the storage of a database instance does not get smaller", _MODIFYING) if update.lowered else None


def _snapshot(update: Update) -> Effect:
    if update.removed:
        return replaces("without its snapshot, a new, empty database is created")
    return replaces(_RESTORED)


def _documentdb_version(update: Update) -> Effect:
    old, new = ((version or "").split(".") for version in (update.old, update.new))
    if update.old is None or update.new is None:
        return unknown("which version it becomes is not known; another major one may be refused", _DOCDB_UPGRADE)
    if old[:1] == new[:1]:
        return interrupts("the instances restart with the other engine", _DOCDB_UPGRADE)
    if _version(new) < _version(old):
        return refuses("DocumentDB does not go back to an earlier version", _DOCDB_UPGRADE)
    if update.given("VpcSecurityGroupIds") or update.given("Port"):
        return refuses(
            "another major version in place fails where the template declares VpcSecurityGroupIds or Port", _DOCDB_ISSUE
        )
    return interrupts("the instances restart several times with the other engine", _DOCDB_UPGRADE)


def _version(parts: list[str]) -> list[int]:
    return [int(each) if each.isdigit() else 0 for each in parts]


def _attribute_type(update: Update) -> Effect:
    left, right = update.members("AttributeDefinitions")
    before = {literal(each, "AttributeName"): literal(each, "AttributeType") for each in left}
    after = {literal(each, "AttributeName"): literal(each, "AttributeType") for each in right}
    changed = [name for name in before if name in after and before[name] != after[name]]
    if None in before or None in after:
        return may_replace("another type of an attribute replaces the table; which attributes change is not known")
    if changed:
        return replaces(f"another type of the attribute {', '.join(map(str, changed))}")
    return updates("attributes are added or removed in place")


def _indexes(update: Update) -> Effect:
    left, right = update.members("GlobalSecondaryIndexes")
    before = {literal(each, "IndexName"): each for each in left}
    after = {literal(each, "IndexName"): each for each in right}
    if None in before or None in after:
        return unknown("which indexes change is not known; only one can be added or deleted in an update")
    added, removed = set(after) - set(before), set(before) - set(after)
    if len(added) + len(removed) > 1:
        return refuses("an update adds or deletes one global secondary index; this one has more")
    if update.difference.path[1:2] in (("KeySchema",), ("Projection",)):
        return refuses("the key and the projection of an index that exists cannot be changed")
    return updates("one index is added or deleted, or its throughput changes, in place")


def _local_indexes(update: Update) -> Effect:
    return refuses("local secondary indexes can be created with the table only")


def _node_groups(update: Update) -> Effect:
    if update.after.attribute("UpdatePolicy")["UseOnlineResharding"].true:
        return updates("UpdatePolicy has UseOnlineResharding")
    return replaces("without UseOnlineResharding in UpdatePolicy, the replication group is replaced")


def _auth_token(update: Update) -> Effect:
    if update.added:
        return replaces("a token is added to a replication group that had none")
    return interrupts("the documentation says: some interruptions")


def _replicas(update: Update) -> Effect | None:
    if update.given("NodeGroupConfiguration"):
        return replaces("with NodeGroupConfiguration, ReplicasPerNodeGroup replaces")
    return None


def _cache_nodes(update: Update) -> Effect:
    if not any(update.given(each) for each in ("PreferredAvailabilityZone", "PreferredAvailabilityZones")):
        return replaces("without preferred Availability Zones, before and after, the cluster is replaced")
    return interrupts("the documentation says: some interruptions")


def _node_type(update: Update) -> Effect:
    if update.after["Engine"].literal == "memcached":
        return refuses("the node type of a Memcached cluster cannot be changed")
    return interrupts("the node is replaced")


def _search_version(update: Update) -> Effect:
    if update.after.attribute("UpdatePolicy")["EnableVersionUpgrade"].true:
        return updates("UpdatePolicy has EnableVersionUpgrade: a blue/green deployment")
    return replaces("without EnableVersionUpgrade in UpdatePolicy, the domain is replaced")


def _search_network(update: Update) -> Effect:
    if update.removed and update.difference.path == ("VPCOptions",):
        return replaces("VPCOptions are removed")
    return interrupts("the documentation says: some interruptions")


def _performance_key(update: Update) -> Effect:
    return may_replace("another physical key replaces an instance that has Performance Insights on")


def _global_cluster(update: Update) -> Effect:
    return may_replace("a cluster leaves a global cluster in place, and joins one by a replacement")


RULES: Rules = {
    "AWS::DocDB::DBCluster": {("EngineVersion",): _documentdb_version},
    "AWS::DynamoDB::Table": {
        ("AttributeDefinitions",): _attribute_type,
        ("GlobalSecondaryIndexes",): _indexes,
        ("KeySchema",): replaces("another key"),
        ("LocalSecondaryIndexes",): _local_indexes,
    },
    "AWS::DynamoDB::GlobalTable": {
        ("AttributeDefinitions",): _attribute_type,
        ("GlobalSecondaryIndexes",): _indexes,
        ("KeySchema",): replaces("another key"),
    },
    "AWS::ElastiCache::CacheCluster": {
        ("NumCacheNodes",): _cache_nodes,
        ("CacheNodeType",): _node_type,
        ("TransitEncryptionEnabled",): refuses("it cannot be changed"),
    },
    "AWS::ElastiCache::ReplicationGroup": {
        ("AuthToken",): _auth_token,
        ("NodeGroupConfiguration",): _node_groups,
        ("NumNodeGroups",): _node_groups,
        ("ReplicasPerNodeGroup",): _replicas,
    },
    "AWS::Elasticsearch::Domain": {("ElasticsearchVersion",): _search_version, ("VPCOptions",): _search_network},
    "AWS::OpenSearchService::Domain": {("EngineVersion",): _search_version, ("VPCOptions",): _search_network},
    "AWS::RDS::DBCluster": {
        ("SnapshotIdentifier",): _snapshot,
        ("GlobalClusterIdentifier",): _global_cluster,
    },
    "AWS::RDS::DBInstance": {
        ("AllocatedStorage",): _storage,
        ("BackupRetentionPeriod",): _backup_retention,
        ("DBSnapshotIdentifier",): _snapshot,
        ("Engine",): _engine,
        ("PerformanceInsightsKMSKeyId",): _performance_key,
        ("Port",): replaces("the documentation replaces an instance for another port"),
    },
}
