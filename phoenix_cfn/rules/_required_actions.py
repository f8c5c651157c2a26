"""The IAM actions that services need: for a pipeline's actions, and for creating a resource type.

Sources: the CodePipeline user guide's page on custom roles, and the create handlers in the CloudFormation registry.
"""

from __future__ import annotations

import re

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text

from ._pipeline import buildspec

ACTION_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "CodeBuild": (("codebuild:StartBuild",), ("codebuild:BatchGetBuilds",)),
    "CloudFormation": (
        ("cloudformation:DescribeStacks",),
        ("cloudformation:CreateStack", "cloudformation:CreateChangeSet"),
    ),
    "CodeCommit": (("codecommit:GetBranch",), ("codecommit:GetCommit",), ("codecommit:UploadArchive",)),
    "CodeStarSourceConnection": (("codestar-connections:UseConnection", "codeconnections:UseConnection"),),
    "ECS": (("ecs:UpdateService",), ("ecs:RegisterTaskDefinition",)),
    "CodeDeployToECS": (
        *((f"codedeploy:{each}",) for each in ("CreateDeployment", "GetDeployment", "GetDeploymentConfig")),
        *((f"codedeploy:{each}",) for each in ("GetApplicationRevision", "RegisterApplicationRevision")),
        ("ecs:RegisterTaskDefinition",),
        ("iam:PassRole",),
    ),
}
"""For each provider the IAM actions of the pipeline's role; one of each group is enough."""

CREATED_BY: dict[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "application-autoscaling:RegisterScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "application-autoscaling:PutScalingPolicy",
    "AWS::Backup::BackupPlan": "backup:CreateBackupPlan",
    "AWS::Backup::BackupVault": "backup:CreateBackupVault",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard",
    "AWS::DocDB::DBCluster": "rds:CreateDBCluster",
    "AWS::DocDB::DBClusterParameterGroup": "rds:CreateDBClusterParameterGroup",
    "AWS::DocDB::DBInstance": "rds:CreateDBInstance",
    "AWS::DocDB::DBSubnetGroup": "rds:CreateDBSubnetGroup",
    "AWS::EC2::EIP": "ec2:AllocateAddress",
    "AWS::EC2::FlowLog": "ec2:CreateFlowLogs",
    "AWS::EC2::InternetGateway": "ec2:CreateInternetGateway",
    "AWS::EC2::NatGateway": "ec2:CreateNatGateway",
    "AWS::EC2::Route": "ec2:CreateRoute",
    "AWS::EC2::RouteTable": "ec2:CreateRouteTable",
    "AWS::EC2::SecurityGroup": "ec2:CreateSecurityGroup",
    "AWS::EC2::SecurityGroupEgress": "ec2:AuthorizeSecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress": "ec2:AuthorizeSecurityGroupIngress",
    "AWS::EC2::Subnet": "ec2:CreateSubnet",
    "AWS::EC2::SubnetRouteTableAssociation": "ec2:AssociateRouteTable",
    "AWS::EC2::VPC": "ec2:CreateVpc",
    "AWS::EC2::VPCEndpoint": "ec2:CreateVpcEndpoint",
    "AWS::EC2::VPCGatewayAttachment": "ec2:AttachInternetGateway",
    "AWS::ECR::Repository": "ecr:CreateRepository",
    "AWS::ECS::Cluster": "ecs:CreateCluster",
    "AWS::ECS::Service": "ecs:CreateService",
    "AWS::ECS::TaskDefinition": "ecs:RegisterTaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener": "elasticloadbalancing:CreateListener",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "elasticloadbalancing:CreateRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing:CreateLoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing:CreateTargetGroup",
    "AWS::Events::Rule": "events:PutRule",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::IAM::Policy": "iam:PutRolePolicy",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::KMS::Alias": "kms:CreateAlias",
    "AWS::KMS::Key": "kms:CreateKey",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::S3::Bucket": "s3:CreateBucket",
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy",
    "AWS::SNS::Subscription": "sns:Subscribe",
    "AWS::SNS::Topic": "sns:CreateTopic",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SSM::Parameter": "ssm:PutParameter",
    "AWS::SecretsManager::Secret": "secretsmanager:CreateSecret",
}
"""The IAM action that creating a resource type requires. DocumentDB uses the actions of RDS."""


def build_needs(stack: Stack, project: Resource) -> list[str]:
    """The IAM actions of a build project: for logs, the pipeline's artifacts, and the registry that it pushes to."""
    needed: list[str] = []
    if project.at("LogsConfig", "CloudWatchLogs", "Status").literal != "DISABLED":
        needed += ["logs:CreateLogStream", "logs:PutLogEvents"]
    for key, action in (("Source", "s3:GetObject"), ("Artifacts", "s3:PutObject")):
        needed += [action] if project.at(key, "Type").literal == "CODEPIPELINE" else []
    spec = buildspec(stack, project)
    if spec is not None and "ecr get-login" in spec.text:
        needed += ["ecr:GetAuthorizationToken"]
        if re.search(r"docker\s+push|--push", spec.text):
            needed += ["ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart"]
            needed += ["ecr:CompleteLayerUpload", "ecr:PutImage"]
    return needed


def from_ecr(image: Text | None) -> bool:
    """Whether an image is known to be in a private ECR registry."""
    return image is not None and (
        ".dkr.ecr." in image.plain or any(ref.attribute == "RepositoryUri" for ref in image.refs)
    )
