"""Permissions that the registry schemas omit, and those that only some properties need, with sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from phoenix_cfn.cloudformation.functions import is_function
from phoenix_cfn.iam.alternatives import attribute_arguments

# Types without handlers in the registry. DocumentDB uses the actions of RDS.
# https://docs.aws.amazon.com/documentdb/latest/developerguide/UsingWithRDS.IAM.html
# https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-permissions-reference.html
_TAGS = ("rds:AddTagsToResource", "rds:ListTagsForResource", "rds:RemoveTagsFromResource")
WITHOUT_HANDLERS: dict[str, dict[str, tuple[str, ...]]] = {
    "AWS::DocDB::DBCluster": {
        "create": (
            "rds:CreateDBCluster",
            "rds:DescribeDBClusters",
            "rds:DescribeDBClusterSnapshots",
            "rds:RestoreDBClusterFromSnapshot",
            *_TAGS,
        ),
        "read": ("rds:DescribeDBClusters", "rds:ListTagsForResource"),
        # DocumentDB checks whether the cluster belongs to a global cluster before it changes or deletes it.
        "update": ("rds:ModifyDBCluster", "rds:DescribeDBClusters", "rds:DescribeGlobalClusters", *_TAGS),
        # DeletionPolicy: Snapshot.
        "delete": (
            "rds:CreateDBClusterSnapshot",
            "rds:DeleteDBCluster",
            "rds:DescribeDBClusterSnapshots",
            "rds:DescribeDBClusters",
            "rds:DescribeGlobalClusters",
        ),
        "list": ("rds:DescribeDBClusters",),
    },
    "AWS::DocDB::DBInstance": {
        "create": ("rds:CreateDBInstance", "rds:DescribeDBClusters", "rds:DescribeDBInstances", *_TAGS),
        "read": ("rds:DescribeDBInstances", "rds:ListTagsForResource"),
        "update": ("rds:DescribeDBInstances", "rds:ModifyDBInstance", "rds:RebootDBInstance", *_TAGS),
        "delete": ("rds:DeleteDBInstance", "rds:DescribeDBInstances"),
        "list": ("rds:DescribeDBInstances",),
    },
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-permissions.html
    "AWS::IAM::AccessKey": {
        "create": ("iam:CreateAccessKey", "iam:UpdateAccessKey"),
        "read": ("iam:ListAccessKeys",),
        "update": ("iam:UpdateAccessKey",),
        "delete": ("iam:DeleteAccessKey",),
    },
    "AWS::IAM::UserToGroupAddition": {
        "create": ("iam:AddUserToGroup", "iam:GetGroup"),
        "read": ("iam:GetGroup",),
        "update": ("iam:AddUserToGroup", "iam:GetGroup", "iam:RemoveUserFromGroup"),
        "delete": ("iam:GetGroup", "iam:RemoveUserFromGroup"),
    },
    # The same calls as those of AWS::Route53::RecordSet.
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/r53-api-permissions-ref.html
    "AWS::Route53::RecordSetGroup": dict.fromkeys(
        ("create", "read", "update", "delete"),
        (
            "route53:ChangeResourceRecordSets",
            "route53:GetChange",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "route53:ListResourceRecordSets",
        ),
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": {
        "create": ("elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:DescribeListenerCertificates"),
        "read": ("elasticloadbalancing:DescribeListenerCertificates",),
        "update": ("elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:RemoveListenerCertificates"),
        "delete": (
            "elasticloadbalancing:DescribeListenerCertificates",
            "elasticloadbalancing:RemoveListenerCertificates",
        ),
    },
    "AWS::CodeBuild::Project": {
        "create": ("codebuild:CreateProject", "iam:PassRole"),
        "read": ("codebuild:BatchGetProjects",),
        "update": ("codebuild:UpdateProject", "iam:PassRole"),
        "delete": ("codebuild:DeleteProject",),
        "list": ("codebuild:ListProjects",),
    },
}

# Types that CloudFormation handles without calls to other services.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-waitcondition.html
NEEDS_NOTHING = frozenset(
    {"AWS::CDK::Metadata", "AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"}
)


def is_custom(resource_type: str) -> bool:
    """Whether a type is a custom resource of a function or a topic.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
    """
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


# Permissions that a service checks for its caller, although the handler does not call the actions.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html
# https://docs.aws.amazon.com/documentdb/latest/developerguide/UsingWithRDS.IAM.AccessControl.ManagedPolicies.html
# https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
_IN_A_VPC = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcs",
)
BESIDES_HANDLERS: dict[str, tuple[str, ...]] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (*_IN_A_VPC, "iam:CreateServiceLinkedRole"),
    "AWS::DocDB::DBSubnetGroup": _IN_A_VPC,
    "AWS::DocDB::DBCluster": (*_IN_A_VPC, "iam:CreateServiceLinkedRole"),
    "AWS::DocDB::DBInstance": _IN_A_VPC,
    # Application Auto Scaling checks whether its caller may scale the service.
    "AWS::ApplicationAutoScaling::ScalableTarget": ("ecs:DescribeServices", "ecs:UpdateService"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricAlarm",
    ),
}

# Services with a service-linked role, which the service creates with its caller's permission if it does not exist. A
# property in braces is part of the service's name.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
# https://docs.aws.amazon.com/documentdb/latest/developerguide/service-linked-roles.html
# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
SERVICE_LINKED_ROLES = {
    "AWS::ECS::Cluster": "ecs.amazonaws.com",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing.amazonaws.com",
    "AWS::DocDB::DBCluster": "rds.amazonaws.com",
    "AWS::ApplicationAutoScaling::ScalableTarget": "{ServiceNamespace}.application-autoscaling.amazonaws.com",
}

# The services to which resources of a type, or of all types of a service, pass roles; for others, the service of the
# type itself.
# Sources: the trust policies in each service's user guide.
_PASSED_TO: dict[str, tuple[str, ...]] = {
    "AWS::ApiGatewayV2": ("apigateway",),
    "AWS::ApplicationAutoScaling": ("application-autoscaling",),
    "AWS::AutoScaling": ("autoscaling", "ec2"),
    "AWS::Batch": ("batch", "ec2", "ecs-tasks"),
    "AWS::Cognito": ("cognito-idp", "cognito-identity"),
    "AWS::DAX": ("dax",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs",),
    "AWS::ECS::Service": ("ecs",),
    "AWS::ECS::TaskDefinition": ("ecs-tasks",),
    "AWS::EKS": ("eks", "ec2", "pods.eks"),
    "AWS::EMR": ("elasticmapreduce", "ec2"),
    "AWS::IAM::InstanceProfile": ("ec2",),
    "AWS::ImageBuilder": ("imagebuilder", "ec2"),
    "AWS::KinesisAnalyticsV2": ("kinesisanalytics",),
    "AWS::KinesisFirehose": ("firehose",),
    "AWS::Logs": ("logs", "logs.${AWS::Region}"),
    "AWS::MSK": ("kafka",),
    "AWS::OpenSearchService": ("opensearchservice", "es"),
    "AWS::RDS": ("rds", "monitoring.rds"),
    "AWS::StepFunctions": ("states",),
    "AWS::Synthetics": ("lambda", "synthetics"),
}


def passed_to(resource_type: str) -> tuple[str, ...]:
    """The services to which resources of a type pass roles."""
    of_service = resource_type.rpartition("::")[0]
    names = _PASSED_TO.get(resource_type) or _PASSED_TO.get(of_service) or (of_service.rpartition(":")[2].lower(),)
    return tuple(f"{name}.amazonaws.com" for name in names)


# The resources that a web ACL can be associated with, and the actions of their services.
_ASSOCIATED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("AWS::ElasticLoadBalancingV2::LoadBalancer",): (
        "elasticloadbalancing:CreateWebACLAssociation",
        "elasticloadbalancing:DeleteWebACLAssociation",
        "elasticloadbalancing:GetLoadBalancerWebACL",
        "elasticloadbalancing:SetWebACL",
    ),
    ("AWS::Amplify::App",): (
        "amplify:AssociateWebACL",
        "amplify:DisassociateWebACL",
        "amplify:GetWebACLForResource",
    ),
    ("AWS::ApiGateway::Stage", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Deployment"): ("apigateway:SetWebACL",),
    ("AWS::AppRunner::Service",): (
        "apprunner:AssociateWebAcl",
        "apprunner:DescribeWebAclForService",
        "apprunner:DisassociateWebAcl",
    ),
    ("AWS::AppSync::GraphQLApi", "AWS::AppSync::Api"): (
        "appsync:AssociateWebACL",
        "appsync:DisassociateWebACL",
        "appsync:GetWebACLForResource",
        "appsync:SetWebACL",
    ),
    ("AWS::BedrockAgentCore::Gateway",): (
        "bedrock-agentcore:GatewayAssociateWebACL",
        "bedrock-agentcore:GatewayDisassociateWebACL",
        "bedrock-agentcore:GatewayGetWebACLForResource",
    ),
    ("AWS::Cognito::UserPool",): (
        "cognito-idp:AssociateWebACL",
        "cognito-idp:DisassociateWebACL",
        "cognito-idp:GetWebACLForResource",
    ),
    ("AWS::EC2::VerifiedAccessInstance",): (
        "ec2:AssociateVerifiedAccessInstanceWebAcl",
        "ec2:DescribeVerifiedAccessInstanceWebAclAssociations",
        "ec2:DisassociateVerifiedAccessInstanceWebAcl",
        "ec2:GetVerifiedAccessInstanceWebAcl",
    ),
}

# Actions that only these properties of a type need (by name at any depth, or `Name=value`): a template without them
# does not need the action. Only certain facts are here: those of reading are not, and those of deleting rarely.
# Sources: the descriptions of the properties in the registry schemas.
ONLY_FOR: dict[str, dict[str, tuple[str, ...]]] = {
    "AWS::CertificateManager::Certificate": {
        "acm-pca:GetCertificate": ("CertificateAuthorityArn",),
        "acm-pca:IssueCertificate": ("CertificateAuthorityArn",),
        "route53:ChangeResourceRecordSets": ("HostedZoneId",),
    },
    # A cluster with a snapshot in the template.
    # https://docs.aws.amazon.com/documentdb/latest/developerguide/API_RestoreDBClusterFromSnapshot.html
    "AWS::DocDB::DBCluster": {"rds:RestoreDBClusterFromSnapshot": ("SnapshotIdentifier",)},
    # The service depends on the associated resource.
    # https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
    "AWS::WAFv2::WebACLAssociation": {
        action: tuple(f"ResourceArn={each}" for each in types)
        for types, actions in _ASSOCIATED.items()
        for action in actions
    },
    "AWS::EC2::VPC": {
        "ec2:CreateVpcEncryptionControl": ("VpcEncryptionControl",),
        "ec2:ModifyVpcTenancy": ("InstanceTenancy",),
    },
    "AWS::EC2::Subnet": {
        "ec2:AssociateSubnetCidrBlock": ("Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Native"),
        "ec2:DisassociateSubnetCidrBlock": ("Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Native"),
    },
    "AWS::EC2::VPCGatewayAttachment": {
        "ec2:AttachVpnGateway": ("VpnGatewayId",),
        "ec2:DetachVpnGateway": ("VpnGatewayId",),
    },
    "AWS::EC2::EIP": {
        "ec2:AcceptAddressTransfer": ("TransferAddress",),
        "ec2:AssociateAddress": ("InstanceId",),
    },
    "AWS::EC2::NatGateway": {
        "ec2:AssignPrivateNatGatewayAddress": ("SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"),
        "ec2:AssociateNatGatewayAddress": ("SecondaryAllocationIds", "AvailabilityZoneAddresses"),
        "ec2:DisassociateNatGatewayAddress": ("SecondaryAllocationIds", "AvailabilityZoneAddresses"),
        "ec2:UnassignPrivateNatGatewayAddress": ("SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"),
    },
    "AWS::EC2::VPCEndpoint": {
        "vpc-lattice:CreateServiceNetworkVpcEndpointAssociation": ("ServiceNetworkArn",),
        "vpce:AllowMultiRegion": ("ServiceRegion",),
    },
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {
        "elasticloadbalancing:ModifyCapacityReservation": ("MinimumLoadBalancerCapacity",),
        "elasticloadbalancing:ModifyIpPools": ("Ipv4IpamPoolId",),
        "elasticloadbalancing:SetIpAddressType": ("IpAddressType",),
    },
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "elasticloadbalancing:DeregisterTargets": ("Targets",),
        "elasticloadbalancing:RegisterTargets": ("Targets",),
    },
    "AWS::ElasticLoadBalancingV2::Listener": {
        "cognito-idp:DescribeUserPoolClient": ("AuthenticateCognitoConfig",),
        "elasticloadbalancing:ModifyListenerAttributes": ("ListenerAttributes",),
    },
    "AWS::ElasticLoadBalancingV2::ListenerRule": {
        "cognito-idp:DescribeUserPoolClient": ("AuthenticateCognitoConfig",),
    },
    "AWS::SecretsManager::Secret": {
        "secretsmanager:GetRandomPassword": ("GenerateSecretString",),
        "secretsmanager:RemoveRegionsFromReplication": ("ReplicaRegions",),
        "secretsmanager:ReplicateSecretToRegions": ("ReplicaRegions",),
    },
    "AWS::SecretsManager::SecretTargetAttachment": {
        "docdb-elastic:GetCluster": ("TargetType=AWS::DocDBElastic::Cluster",),
        "redshift-serverless:GetNamespace": ("TargetType=AWS::RedshiftServerless::Namespace",),
        "redshift-serverless:ListWorkgroups": ("TargetType=AWS::RedshiftServerless::Namespace",),
        "redshift:DescribeClusters": ("TargetType=AWS::Redshift::Cluster",),
    },
    "AWS::ECS::Cluster": {
        "ecs:PutClusterCapacityProviders": ("CapacityProviders", "DefaultCapacityProviderStrategy"),
        "kms:DescribeKey": ("KmsKeyId", "FargateEphemeralStorageKmsKeyId"),
    },
    "AWS::ECS::TaskDefinition": {
        "iam:GetRole": ("ExecutionRoleArn", "TaskRoleArn"),
        "iam:PassRole": ("ExecutionRoleArn", "TaskRoleArn"),
    },
    "AWS::ECS::Service": {
        "iam:PassRole": ("Role", "RoleArn"),
    },
    "AWS::IAM::Role": {
        "iam:AttachRolePolicy": ("ManagedPolicyArns",),
        "iam:DetachRolePolicy": ("ManagedPolicyArns",),
        "iam:PutRolePermissionsBoundary": ("PermissionsBoundary",),
    },
    "AWS::IAM::ManagedPolicy": {
        "iam:AttachGroupPolicy": ("Groups",),
        "iam:AttachRolePolicy": ("Roles",),
        "iam:AttachUserPolicy": ("Users",),
        "iam:DetachGroupPolicy": ("Groups",),
        "iam:DetachRolePolicy": ("Roles",),
        "iam:DetachUserPolicy": ("Users",),
    },
    "AWS::IAM::Policy": {
        "iam:DeleteGroupPolicy": ("Groups",),
        "iam:DeleteRolePolicy": ("Roles",),
        "iam:DeleteUserPolicy": ("Users",),
        "iam:GetGroupPolicy": ("Groups",),
        "iam:GetRolePolicy": ("Roles",),
        "iam:GetUserPolicy": ("Users",),
        "iam:PutGroupPolicy": ("Groups",),
        "iam:PutRolePolicy": ("Roles",),
        "iam:PutUserPolicy": ("Users",),
    },
    "AWS::Logs::LogGroup": {
        "firehose:TagDeliveryStream": ("DataProtectionPolicy",),
        "logs:CreateLogDelivery": ("DataProtectionPolicy",),
        "logs:DeleteDataProtectionPolicy": ("DataProtectionPolicy",),
        "logs:DeleteIndexPolicy": ("FieldIndexPolicies",),
        "logs:DeleteResourcePolicy": ("ResourcePolicyDocument",),
        "logs:PutBearerTokenAuthentication": ("BearerTokenAuthenticationEnabled",),
        "logs:PutDataProtectionPolicy": ("DataProtectionPolicy",),
        "logs:PutIndexPolicy": ("FieldIndexPolicies",),
        "logs:PutLogGroupDeletionProtection": ("DeletionProtectionEnabled",),
        "logs:PutResourcePolicy": ("ResourcePolicyDocument",),
    },
    "AWS::ApplicationAutoScaling::ScalableTarget": {
        "application-autoscaling:DeleteScheduledAction": ("ScheduledActions",),
        "application-autoscaling:PutScheduledAction": ("ScheduledActions",),
        "ecs:DescribeServices": ("ServiceNamespace=ecs",),
        "ecs:UpdateService": ("ServiceNamespace=ecs",),
        "iam:PassRole": ("RoleARN",),
        "lambda:DeleteProvisionedConcurrencyConfig": ("ServiceNamespace=lambda",),
        "lambda:GetProvisionedConcurrencyConfig": ("ServiceNamespace=lambda",),
        "lambda:PutProvisionedConcurrencyConfig": ("ServiceNamespace=lambda",),
    },
    "AWS::SNS::Topic": {
        "iam:GetRole": ("DeliveryStatusLogging",),
        "iam:PassRole": ("DeliveryStatusLogging",),
        "sns:PutDataProtectionPolicy": ("DataProtectionPolicy",),
        "sns:Subscribe": ("Subscription",),
        "sns:Unsubscribe": ("Subscription",),
    },
    "AWS::SNS::Subscription": {
        "iam:GetRole": ("SubscriptionRoleArn",),
        "iam:PassRole": ("SubscriptionRoleArn",),
    },
    # It deploys a revision if the template has one.
    "AWS::CodeDeploy::DeploymentGroup": {
        "codedeploy:CreateDeployment": ("Deployment",),
        "codedeploy:GetApplicationRevision": ("Deployment",),
        "codedeploy:RegisterApplicationRevision": ("Deployment",),
        "codedeploy:RegisterOnPremisesInstance": ("OnPremisesInstanceTagFilters", "OnPremisesTagSet"),
        "codedeploy:StopDeployment": ("Deployment",),
    },
    "AWS::Lambda::Function": {
        "ec2:DescribeSecurityGroups": ("VpcConfig",),
        "ec2:DescribeSubnets": ("VpcConfig",),
        "ec2:DescribeVpcs": ("VpcConfig",),
        "elasticfilesystem:DescribeMountTargets": ("FileSystemConfigs",),
        "lambda:GetLayerVersion": ("Layers",),
        "lambda:PassCapacityProvider": ("CapacityProviderConfig",),
        "s3files:ListMountTargets": ("FileSystemConfigs",),
        "s3:GetObject": ("S3Bucket",),
        "s3:GetObjectVersion": ("S3Bucket",),
    },
    "AWS::KMS::Key": {
        "kms:DisableKey": ("Enabled",),
        "kms:EnableKey": ("Enabled",),
    },
}

# Actions for which cfn-lint's table and older copies of AWS's table differ on whether they can be limited to a
# resource. A wrong limit would break the deployment. 2026-11-24.
NO_RESOURCE_LEVEL = frozenset(
    {
        "cloudwatch:GetMetricData",
        # The service reference has task-definition, but all known denials have `*`.
        # https://github.com/aws/containers-roadmap/issues/929
        "ecs:RegisterTaskDefinition",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }
)

# Removing a role's boundary must not be possible.
NEVER = frozenset({"iam:DeleteRolePermissionsBoundary"})


def needed(resource_type: str, actions: Iterable[str], used: Collection[str]) -> set[str]:
    """The actions of a type's handlers that resources with these features need."""
    only_for = ONLY_FOR.get(resource_type, {})
    return {each for each in actions if each not in only_for or not set(only_for[each]).isdisjoint(used)} - NEVER


def features(
    resource_type: str, properties: Iterable[Mapping[str, Any]], types: Mapping[str, str] | None = None
) -> set[str]:
    """The features of a type's resources that determine which actions they need.

    A property with an unknown value may have each of the relevant values. `types`: the types of the template's
    resources, by logical id; the value of a reference to one of them is its type.
    """
    decisive = {feature for each in ONLY_FOR.get(resource_type, {}).values() for feature in each}
    used = {feature for each in properties for feature in _features(each, types or {})} if decisive else set()
    return {each for each in decisive if each in used or each.partition("=")[0] + "=*" in used}


def _features(value: Any, types: Mapping[str, str]) -> Iterator[str]:
    """The names of properties at any depth, and `Name=value` of plain values; `Name=*` for a function or an ARN."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            if (referred := _referred(inner)) in types:
                yield f"{key}={types[referred]}"
            elif isinstance(inner, str):
                yield f"{key}=*" if inner.startswith("arn:") else f"{key}={inner}"
            elif is_function(inner):
                yield f"{key}=*"
            yield from _features(inner, types)
    elif isinstance(value, list):
        for inner in value:
            yield from _features(inner, types)


def _referred(value: Any) -> str:
    """The logical id of a plain Ref or Fn::GetAtt; empty for other values."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((function, argument),) = value.items()
    if function == "Fn::GetAtt":
        names = attribute_arguments(argument)
        return names[0] if names else ""
    return argument if function == "Ref" and isinstance(argument, str) else ""
