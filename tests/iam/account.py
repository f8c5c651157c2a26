"""Both stacks of a stage as they would stand in an account: every role with its policies resolved, every ARN.

Independent of phoenix_cfn.iam: what is generated there is judged by what CloudFormation would make of the templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from tests.iam.evaluator import Role
from tests.stack import Stack

ACCOUNT, REGION = "111122223333", "eu-west-1"
_HERE = f"{REGION}:{ACCOUNT}"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}

# The ARN of a resource by type; `{}` stands for its physical name.
ARNS = {
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
    "AWS::CloudWatch::Dashboard": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{{}}",
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{_HERE}:project/{{}}",
    "AWS::CodeDeploy::Application": f"arn:aws:codedeploy:{_HERE}:application:{{}}",
    "AWS::CodeDeploy::DeploymentConfig": f"arn:aws:codedeploy:{_HERE}:deploymentconfig:{{}}",
    # Of an application that has the group's name.
    "AWS::CodeDeploy::DeploymentGroup": f"arn:aws:codedeploy:{_HERE}:deploymentgroup:{{0}}/{{0}}",
    "AWS::CodePipeline::Pipeline": f"arn:aws:codepipeline:{_HERE}:{{}}",
    "AWS::DocDB::DBCluster": f"arn:aws:rds:{_HERE}:cluster:{{}}",
    "AWS::DocDB::DBClusterParameterGroup": f"arn:aws:rds:{_HERE}:cluster-pg:{{}}",
    "AWS::DocDB::DBInstance": f"arn:aws:rds:{_HERE}:db:{{}}",
    "AWS::DocDB::DBSubnetGroup": f"arn:aws:rds:{_HERE}:subgrp:{{}}",
    "AWS::ECR::Repository": f"arn:aws:ecr:{_HERE}:repository/{{}}",
    "AWS::ECS::Cluster": f"arn:aws:ecs:{_HERE}:cluster/{{}}",
    "AWS::ECS::TaskDefinition": f"arn:aws:ecs:{_HERE}:task-definition/{{}}:7",
    "AWS::ElasticLoadBalancingV2::Listener": f"arn:aws:elasticloadbalancing:{_HERE}:listener/app/{{}}/1/2",
    "AWS::ElasticLoadBalancingV2::ListenerRule": f"arn:aws:elasticloadbalancing:{_HERE}:listener-rule/app/{{}}/1/2/3",
    "AWS::ElasticLoadBalancingV2::TargetGroup": f"arn:aws:elasticloadbalancing:{_HERE}:targetgroup/{{}}/1",
    "AWS::IAM::ManagedPolicy": f"arn:aws:iam::{ACCOUNT}:policy/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{_HERE}:secret:{{}}-a1B2c3",
}
_NAMED_BY = {
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentConfig": "DeploymentConfigName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::DocDB::DBInstance": "DBInstanceIdentifier",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SecretsManager::Secret": "Name",
}
_REF_IS_ARN = {
    *("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::ECS::TaskDefinition"),
    *(f"AWS::ElasticLoadBalancingV2::{kind}" for kind in ("Listener", "ListenerRule", "TargetGroup")),
}
_IDS = {"AWS::KMS::Key": "0c1d2e3f-0000-4000-8000-{:0>12}"}


class DeployedStack:
    """A template with the physical names and ARNs that a stack of it has."""

    def __init__(self, stack: Stack, name: str, parameters: Mapping[str, str]) -> None:
        self.name = name
        self._stack = stack
        self._values = {**PSEUDO, "AWS::StackName": name, **parameters}

    def has(self, logical_id: str) -> bool:
        return logical_id in self._stack.of_type("AWS::IAM::Role")

    def arn(self, logical_id: str) -> str:
        kind = self._stack.resources[logical_id]["Type"]
        name = self._name(logical_id)
        if kind == "AWS::IAM::Role":
            name = self.resolve(self._stack.properties(logical_id).get("Path", "/")) + name
        return ARNS[kind].format(name)

    def arns(self, kind: str) -> list[str]:
        return [self.arn(logical_id) for logical_id in self._stack.of_type(kind)]

    def role(self, logical_id: str, boundary: Mapping[str, Any] | None = None) -> Role:
        """The role with its own policies and the managed ones of the same stack."""
        properties = self._stack.properties(logical_id)
        own = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        managed = [self.policy(each["Ref"]) for each in properties.get("ManagedPolicyArns", [])]
        return Role((*map(self.resolve, own), *managed), boundary)

    def policy(self, logical_id: str) -> dict[str, Any]:
        """A managed policy's document."""
        document: dict[str, Any] = self.resolve(self._stack.properties(logical_id)["PolicyDocument"])
        return document

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) != 1:
            return {key: self.resolve(each) for key, each in value.items()}
        ((function, argument),) = value.items()
        if function == "Ref":
            return self._reference(argument)
        if function == "Fn::GetAtt":
            assert argument[1] == "Arn", f"no value for {argument}"
            return self.arn(argument[0])
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: self._variable(match[1]), argument)
        return {function: self.resolve(argument)}

    def _variable(self, name: str) -> str:
        return self.arn(name.removesuffix(".Arn")) if name.endswith(".Arn") else self._reference(name)

    def _reference(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        kind = self._stack.resources[name]["Type"]
        return self.arn(name) if kind in _REF_IS_ARN else self._name(name)

    def _name(self, logical_id: str) -> str:
        kind, properties = self._stack.resources[logical_id]["Type"], self._stack.properties(logical_id)
        if kind in _NAMED_BY and _NAMED_BY[kind] in properties:
            name: str = self.resolve(properties[_NAMED_BY[kind]])
            return name
        if kind in _IDS:
            return _IDS[kind].format(crc32(f"{self.name} {logical_id}".encode()))
        made = f"{self.name}-{logical_id}-AbC123dEf456"
        return made.lower() if ":DocDB:" in kind or kind == "AWS::S3::Bucket" else made


class Stage:
    """The pipeline stack and the infrastructure stack of a stage, as the one hands its values to the other."""

    def __init__(self, pipeline: Stack, infrastructure: Stack, prefix: str) -> None:
        self.prefix = prefix
        self.pipeline = DeployedStack(pipeline, f"pipeline-of-{prefix}", {"StagePrefix": prefix})
        self.infrastructure = DeployedStack(
            infrastructure,
            f"{prefix}-phoenix-infrastructure",
            {
                "StagePrefix": prefix,
                "MongoDBSecretArn": self.pipeline.arn("DatabaseCredentials"),
                "RoleBoundaryArn": self.pipeline.arn("RoleBoundary"),
            },
        )
        self.tags = {"aws:ResourceTag/Project": "phoenix", "aws:ResourceTag/Stage": prefix}
        self.stack_tag = {"aws:ResourceTag/aws:cloudformation:stack-name": self.infrastructure.name}

    def role(self, logical_id: str) -> Role:
        """A role of either stack; those of the infrastructure stack within their boundary."""
        if self.infrastructure.has(logical_id):
            return self.infrastructure.role(logical_id, self.pipeline.policy("RoleBoundary"))
        return self.pipeline.role(logical_id)
