"""What others hold on to: logical ids, outputs and the public names. Renaming a logical id replaces the resource."""

from __future__ import annotations

import pytest

import phoenix_cfn
from tests.stack import Stack

INFRASTRUCTURE = """
EncryptionKey AlarmTopic AlarmTopicPolicy AlarmTopicEmailSubscription
Vpc InternetGateway InternetGatewayAttachment PublicRouteTable PublicDefaultRoute
PublicSubnetA PublicSubnetARouteTableAssociation PublicSubnetB PublicSubnetBRouteTableAssociation
NatAddressA NatGatewayA PrivateRouteTableA PrivateDefaultRouteA PrivateSubnetA PrivateSubnetARouteTableAssociation
NatAddressB NatGatewayB PrivateRouteTableB PrivateDefaultRouteB PrivateSubnetB PrivateSubnetBRouteTableAssociation
IsolatedRouteTable IsolatedSubnetA IsolatedSubnetARouteTableAssociation IsolatedSubnetB
IsolatedSubnetBRouteTableAssociation S3Endpoint
LoadBalancerSecurityGroup TaskSecurityGroup DatabaseSecurityGroup LoadBalancerEgress TaskEgress
LoadBalancer TargetGroup Listener
DatabaseAuditLogGroup DatabaseProfilerLogGroup DatabaseSubnetGroup DatabaseParameterGroup DatabaseCluster
DatabaseInstance1 DatabaseInstance2 DatabaseConnection
ServerErrorAlarm UnhealthyTargetsAlarm
ContainerInsightsLogGroup Cluster TaskLogGroup TaskRole TaskExecutionRole TaskDefinition Service
ScalableTarget RequestScalingPolicy CpuScalingPolicy
CpuPeakAlarm DatabaseCpuPeakAlarm TooFewTasksAlarm Dashboard
"""

PIPELINE = """
EncryptionKey PipelineTopic PipelineTopicPolicy PipelineTopicEmailSubscription Repository
ArtifactBucket ArtifactBucketPolicy BucketEmptierLogGroup BucketEmptierRole BucketEmptierFunction BucketEmptier
DatabaseCredentials BuildLogGroup BuildRole BuildProject RoleBoundary DeployPolicy1 DeployRole
PipelineRole Pipeline WebhookSecret SourceWebhook
FailedRunRule FailedTaskRule
"""


def test_logical_ids_of_the_infrastructure(infrastructure_stack: Stack) -> None:
    assert list(infrastructure_stack.resources) == INFRASTRUCTURE.split()


def test_logical_ids_of_the_pipeline(pipeline_stack: Stack) -> None:
    assert list(pipeline_stack.resources) == PIPELINE.split()


def test_outputs(infrastructure_stack: Stack, pipeline_stack: Stack) -> None:
    assert list(infrastructure_stack.outputs) == [
        "ApplicationUrl",
        "DashboardUrl",
        "LogGroupName",
        "ClusterName",
        "ServiceName",
        "AlarmTopicArn",
    ]
    assert list(pipeline_stack.outputs) == ["PipelineUrl", "PipelineName", "RepositoryUri", "InfrastructureStackName"]
    for stack in (infrastructure_stack, pipeline_stack):
        assert all(output["Description"] for output in stack.outputs.values())


def test_public_names() -> None:
    assert phoenix_cfn.__all__ == ["Settings", "infrastructure", "pipeline"]
    assert dir(phoenix_cfn) == ["Settings", "__version__", "infrastructure", "pipeline"]
    assert all(hasattr(phoenix_cfn, name) for name in dir(phoenix_cfn))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = phoenix_cfn.nothing
