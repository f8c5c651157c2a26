"""Where values decide: instances, groups of them, functions, containers, load balancers, networks, keys and buckets."""

from __future__ import annotations

from phoenix_cfn.changes.outcomes import Outcome
from phoenix_cfn.cloudformation.nodes import Resource

from .effects import Effect, Rules, Update, interrupts, may_replace, page, refuses, replaces, unknown, updates

_KMS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html"
_UPDATE_POLICY = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html"
)
_OBJECT_LOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html"
_CAPACITY = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html"
_DEFAULTS_OF_KEYS = {
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": "false",
    "Origin": "AWS_KMS",
}


def _immutable_key(update: Update) -> Effect:
    default = _DEFAULTS_OF_KEYS[update.difference.path[0]]
    if {update.old or default, update.new or default} == {default} and (update.added or update.removed):
        return updates("the default is written out, or no longer", _KMS)
    return refuses("KMS does not change it, and the update fails whatever UpdateReplacePolicy says", _KMS)


def _tenancy(update: Update) -> Effect | None:
    if update.old == "dedicated" and (update.new == "default" or update.removed):
        return updates("from dedicated to default in place")
    if update.new == "dedicated":
        return replaces("from default to dedicated")
    return None


def _object_lock(update: Update) -> Effect:
    if (update.new or "").lower() == "true":
        return updates("Object Lock can be switched on for a bucket that exists", _OBJECT_LOCK)
    if update.new is None and not update.removed:
        return unknown("the value is not known; Object Lock cannot be switched off", _OBJECT_LOCK)
    if update.added:
        return updates("the default is written out", _OBJECT_LOCK)
    return refuses("Object Lock cannot be switched off", _OBJECT_LOCK)


def _group_stays(update: Update) -> Effect:
    replacing = update.after.attribute("UpdatePolicy").at("AutoScalingReplacingUpdate", "WillReplace")
    if replacing.true:
        return replaces("UpdatePolicy has AutoScalingReplacingUpdate.WillReplace", _UPDATE_POLICY)
    if replacing.unknown:
        return may_replace("AutoScalingReplacingUpdate.WillReplace is not known", _UPDATE_POLICY)
    return updates("the group stays; UpdatePolicy says how its instances follow", _UPDATE_POLICY)


def _subnets_of_group(update: Update) -> Effect:
    found = _group_stays(update)
    if found.outcome is not Outcome.UPDATED:
        return found
    return interrupts("the group stays; its instances are replaced by instances in the subnets")


def _security_groups(update: Update) -> Effect:
    if update.after["SubnetId"].given and update.before["SubnetId"].given:
        return interrupts("an instance in a VPC keeps running; the documentation says: some interruptions")
    return may_replace("in place in a VPC, otherwise replaced")


def _devices(update: Update) -> Effect:
    if update.difference.path[-1] == "DeleteOnTermination":
        return updates("DeleteOnTermination changes in place")
    return replaces("everything but DeleteOnTermination replaces the instance")


def _schema(update: Update) -> Effect:
    if update.added and update.difference.path == ("Schema",):
        return updates("an attribute is added")
    return refuses("attributes of a user pool can be added, not changed or deleted")


_RESTARTS = may_replace(
    "with an EBS root volume the instance stops and starts, unless the types do not fit; without, it is replaced"
)


def _volume_size(update: Update) -> Effect | None:
    return refuses("a volume does not get smaller") if update.lowered else None


_FIXED_VOLUME = refuses("updates are not supported")


def _certificates(update: Update) -> Effect | None:
    protocol = update.after["Protocol"].literal
    if protocol == "TLS":
        return updates("a TLS listener is updated without interruption")
    return interrupts("an HTTPS listener is updated with some interruptions")


def _launch_type(update: Update) -> Effect:
    if update.removed and update.after["CapacityProviderStrategy"].given:
        return updates("a service changes from a launch type to capacity providers in place", _CAPACITY)
    return may_replace("in place to capacity providers only", _CAPACITY)


def _deployment(update: Update) -> Effect:
    """Of an ECS service: tasks are replaced by tasks, which interrupts where all of them may stop first."""
    configuration = update.after["DeploymentConfiguration"]
    most = configuration["MaximumPercent"].number
    least = configuration["MinimumHealthyPercent"].number
    count = update.after["DesiredCount"].number
    if least is not None and least < 100 and most is not None and most <= 100:
        return interrupts("MaximumPercent 100 and MinimumHealthyPercent below: tasks stop before new ones start")
    if least == 0 and count == 1:
        return interrupts("the only task may stop before the new one is healthy: MinimumHealthyPercent is 0")
    return updates("a deployment replaces the tasks; the earlier ones run until the new ones are healthy")


def _region_alone(update: Update) -> Effect:
    return refuses("Region alone cannot be changed, unless between none and the stack's own")


RULES: Rules = {
    "AWS::AutoScaling::AutoScalingGroup": {
        ("LaunchTemplate",): _group_stays,
        ("LaunchConfigurationName",): _group_stays,
        ("MixedInstancesPolicy",): _group_stays,
        ("VPCZoneIdentifier",): _subnets_of_group,
    },
    "AWS::CloudFormation::CustomResource": {
        ("ServiceToken",): refuses("the ServiceToken of a custom resource cannot be changed"),
    },
    "AWS::CodeStar::GitHubRepository": {
        (each,): refuses("updates are not supported")
        for each in (
            "Code",
            "EnableIssues",
            "IsPrivate",
            "RepositoryAccessToken",
            "RepositoryDescription",
            "RepositoryName",
            "RepositoryOwner",
        )
    },
    "AWS::Cognito::UserPool": {
        ("AliasAttributes",): refuses("it cannot be changed"),
        ("UsernameAttributes",): refuses("it cannot be changed"),
        ("UsernameConfiguration",): refuses("it cannot be changed once it has been set"),
        ("Schema",): _schema,
    },
    "AWS::EC2::Instance": {
        **{(each,): _RESTARTS for each in ("InstanceType", "UserData", "EbsOptimized", "KernelId", "RamdiskId")},
        ("SecurityGroupIds",): _security_groups,
        ("BlockDeviceMappings",): _devices,
    },
    "AWS::EC2::VPC": {("InstanceTenancy",): _tenancy},
    "AWS::EC2::Volume": {
        **{(each,): _FIXED_VOLUME for each in ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId")},
        ("Size",): _volume_size,
    },
    "AWS::ECS::Service": {
        ("LaunchType",): _launch_type,
        **{
            (each,): _deployment
            for each in (
                "TaskDefinition",
                "NetworkConfiguration",
                "LoadBalancers",
                "PlatformVersion",
                "ForceNewDeployment",
                "ServiceConnectConfiguration",
                "ServiceRegistries",
                "VolumeConfigurations",
                "CapacityProviderStrategy",
            )
        },
    },
    "AWS::ElasticLoadBalancingV2::Listener": {("Certificates",): _certificates},
    "AWS::KMS::Key": {(each,): _immutable_key for each in _DEFAULTS_OF_KEYS},
    "AWS::Route53::RecordSet": {("Name",): replaces("a record is identified by its name")},
    "AWS::S3::Bucket": {("ObjectLockEnabled",): _object_lock},
    "AWS::SNS::Subscription": {("Region",): _region_alone},
    "AWS::SecretsManager::Secret": {
        ("GenerateSecretString",): updates("a new value is generated: whatever uses the secret needs it"),
    },
}


# What stays in the VPC in which it was created, and the property that has its subnets there.
# Source: SetSubnets of Elastic Load Balancing, ModifyDBSubnetGroup of each database.
BOUND_TO_NETWORK = {
    "AWS::DocDB::DBSubnetGroup": "SubnetIds",
    "AWS::ElastiCache::SubnetGroup": "SubnetIds",
    "AWS::ElasticLoadBalancing::LoadBalancer": "Subnets",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Subnets",
    "AWS::Neptune::DBSubnetGroup": "SubnetIds",
    "AWS::RDS::DBSubnetGroup": "SubnetIds",
    "AWS::Redshift::ClusterSubnetGroup": "SubnetIds",
}


def beside(after: Resource, changed: set[str]) -> Effect | None:
    """What a type does not take in one update, by the properties that change."""
    if after.type == "AWS::EKS::Nodegroup" and changed & {"Version", "ReleaseVersion"}:
        others = sorted(changed - {"Version", "ReleaseVersion", "ForceUpdateEnabled"})
        if others:
            return refuses(f"with another version, nothing else can change: {', '.join(others)}", page(after.type))
    return None


def service_refuses(before: Resource, after: Resource, replaced: bool) -> Effect | None:
    """What an ECS service does not take beside a change that replaces it."""
    if replaced and after.type == "AWS::ECS::Service" and after["ServiceConnectConfiguration"].given:
        return refuses("a service with Service Connect cannot be replaced", page(after.type))
    return None
