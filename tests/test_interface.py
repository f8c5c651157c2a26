"""What others hold on to: logical ids, outputs and the public names. Renaming a logical id replaces the resource."""

from __future__ import annotations

import pytest

import phoenix_cfn
from phoenix_cfn import Settings, infrastructure, pipeline
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


# What a strategy adds to them.
SHIFT = "AlternateTargetGroup ProductionRule TrafficRole"
SMOKE_TEST = "SmokeTestLogGroup SmokeTestRole SmokeTestFunction"
CODEDEPLOY = "AlternateTargetGroup CodeDeployRole CodeDeployApplication DeploymentStep DeploymentGroup"
STRATEGIES = {
    ("rolling", ""): "",
    **{(strategy, ""): SHIFT for strategy in ("blue-green", "canary", "linear")},
    **{(each, "/x"): f"{SHIFT} TestRule HookRole {SMOKE_TEST}" for each in ("blue-green", "canary", "linear")},
    ("codedeploy", ""): CODEDEPLOY,
    ("codedeploy", "/x"): f"{CODEDEPLOY} TestListener TestIngress {SMOKE_TEST}",
}
OF_CODEDEPLOY = {"RevisionLogGroup", "RevisionRole", "RevisionProject"}


@pytest.mark.parametrize(("strategy", "path"), STRATEGIES)
def test_logical_ids_of_each_strategy(strategy: str, path: str) -> None:
    settings = Settings.of({"deployment": {"strategy": strategy, "smoke_test_path": path}})
    stack, release = Stack(infrastructure.template(settings)), Stack(pipeline.template(settings))
    assert set(stack.resources) == {*INFRASTRUCTURE.split(), *STRATEGIES[strategy, path].split()}
    added = OF_CODEDEPLOY if strategy == "codedeploy" else set()
    assert {each for each in release.resources if not each.startswith("DeployPolicy")} == {
        *(each for each in PIPELINE.split() if not each.startswith("DeployPolicy")),
        *added,
    }
    of_codedeploy = ["TaskDefinitionArn", *(["SmokeTestFunctionName"] if path else [])]
    assert list(stack.outputs)[6:] == (of_codedeploy if strategy == "codedeploy" else [])


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
