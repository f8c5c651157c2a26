"""Physical names: their properties, limits and references, and the names that CloudFormation generates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from .limits import STACK_NAME_LENGTH
from .values import Ref, Text, text

if TYPE_CHECKING:
    from .nodes import Resource


class Naming(NamedTuple):
    """How the resources of a type are named.

    `property` sets the name. `length` is the maximum number of characters, if known. `ref`: whether Ref is the name
    (not an ARN or another id). `attributes`: those of Fn::GetAtt that are the name. `unique`: whether the name is
    unique in an account and region; other names are unique within another resource, or not unique. `stack_prefix`:
    whether CloudFormation generates names of the form `<stack>-<logical id>-<random>`. `lower`: whether names are in
    lowercase.

    Sources: the registry schemas, and each service's quota page.
    """

    property: str
    length: int | None = None
    ref: bool = False
    attributes: tuple[str, ...] = ()
    unique: bool = True
    stack_prefix: bool = False
    lower: bool = False

    def is_name(self, attribute: str) -> bool:
        """Whether an attribute is the name; an empty attribute is Ref."""
        return attribute in self.attributes if attribute else self.ref


NAMES: dict[str, Naming] = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": Naming("PolicyName", unique=False),
    "AWS::Backup::BackupVault": Naming("BackupVaultName", 50),
    "AWS::CloudWatch::Alarm": Naming("AlarmName", 255, ref=True, stack_prefix=True),
    "AWS::CloudWatch::CompositeAlarm": Naming("AlarmName", 255),
    "AWS::CloudWatch::Dashboard": Naming("DashboardName", 255, ref=True, stack_prefix=True),
    "AWS::CodeBuild::Project": Naming("Name", 150, ref=True),
    "AWS::CodeCommit::Repository": Naming("RepositoryName"),
    "AWS::CodeConnections::Connection": Naming("ConnectionName", 32),
    "AWS::CodeDeploy::Application": Naming("ApplicationName", 100, ref=True),
    "AWS::CodeDeploy::DeploymentConfig": Naming("DeploymentConfigName", 100, ref=True),
    "AWS::CodeDeploy::DeploymentGroup": Naming("DeploymentGroupName", 100, ref=True),
    "AWS::CodePipeline::Pipeline": Naming("Name", 100, ref=True),
    "AWS::CodePipeline::Webhook": Naming("Name"),
    "AWS::CodeStarConnections::Connection": Naming("ConnectionName", 32),
    "AWS::DocDB::DBCluster": Naming("DBClusterIdentifier", 63, ref=True, stack_prefix=True, lower=True),
    "AWS::DocDB::DBClusterParameterGroup": Naming("Name", 255, ref=True, stack_prefix=True, lower=True),
    "AWS::DocDB::DBInstance": Naming("DBInstanceIdentifier", 63, ref=True, stack_prefix=True, lower=True),
    "AWS::DocDB::DBSubnetGroup": Naming("DBSubnetGroupName", 255, ref=True, stack_prefix=True, lower=True),
    "AWS::EC2::LaunchTemplate": Naming("LaunchTemplateName"),
    # Unique within a VPC.
    "AWS::EC2::SecurityGroup": Naming("GroupName", unique=False),
    "AWS::ECR::Repository": Naming("RepositoryName", 256, ref=True, lower=True),
    "AWS::ECS::CapacityProvider": Naming("Name"),
    "AWS::ECS::Cluster": Naming("ClusterName", 255, ref=True, stack_prefix=True),
    # Unique within a cluster.
    "AWS::ECS::Service": Naming("ServiceName", attributes=("Name",), unique=False),
    # Several task definitions may have the same family; each is a revision of it.
    "AWS::ECS::TaskDefinition": Naming("Family", 255, unique=False, stack_prefix=True),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Naming("Name", 32, attributes=("LoadBalancerName",)),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Naming("Name", 32, attributes=("TargetGroupName",)),
    "AWS::Events::Rule": Naming("Name", 64, ref=True),
    "AWS::IAM::InstanceProfile": Naming("InstanceProfileName", 128, ref=True),
    "AWS::IAM::ManagedPolicy": Naming("ManagedPolicyName", 128),
    "AWS::IAM::Role": Naming("RoleName", 64, ref=True, stack_prefix=True),
    "AWS::IAM::User": Naming("UserName", 64, ref=True),
    "AWS::KMS::Alias": Naming("AliasName"),
    "AWS::Lambda::Function": Naming("FunctionName", 64, ref=True),
    "AWS::Logs::LogGroup": Naming("LogGroupName", 512, ref=True, stack_prefix=True),
    "AWS::S3::Bucket": Naming("BucketName", 63, ref=True, lower=True),
    "AWS::SNS::Topic": Naming("TopicName", 256, attributes=("TopicName",), stack_prefix=True),
    "AWS::SQS::Queue": Naming("QueueName", 80),
    "AWS::SSM::Parameter": Naming("Name", ref=True),
    "AWS::SecretsManager::Secret": Naming("Name", 512),
    "AWS::WAFv2::WebACL": Naming("Name", 128),
}

# Types whose Ref is neither the name nor an id. Source: "Return values" of each type in the template reference.
REF_IS_ARN = frozenset(
    {
        "AWS::AppSync::GraphQLApi",
        "AWS::Batch::JobQueue",
        "AWS::Bedrock::Guardrail",
        "AWS::CloudFormation::Stack",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::ManagedPolicy",
        "AWS::MSK::Cluster",
        "AWS::S3Tables::TableBucket",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
    }
)
REF_IS_URL = frozenset({"AWS::SQS::Queue"})

RANDOM_ENDING = len("-") + 13
"""The number of random characters at the end of a generated name."""
GENERATED = "Fn::Generated"
"""The placeholder for the random characters at the end of a generated name."""


class PhysicalName(Struct, frozen=True):
    """`text` is the known part of the name, or None; `given`: whether the template sets the name."""

    text: Text | None
    given: bool


def physical_name(resource: Resource, stack_name_length: int | None = None) -> PhysicalName:
    """The physical name of a resource.

    A generated name is known if CloudFormation does not shorten it: `<stack>-<logical id>-` and a reference to
    GENERATED. `stack_name_length` is the maximum length of the stack's name in characters; by default the length of
    AWS::StackName in the scenario, or else AWS's limit.
    """
    stack, naming = resource.stack, NAMES.get(resource.type)
    if resource.name.given:
        return PhysicalName(stack.name_of(resource), given=True)
    if naming is None or not naming.stack_prefix or naming.length is None:
        return PhysicalName(None, given=False)
    stack_name = stack.scenario.values.get("AWS::StackName")
    longest = stack_name_length or (STACK_NAME_LENGTH if stack_name is None else len(stack_name))
    if longest + len("-") + len(resource.id) + RANDOM_ENDING > naming.length:
        return PhysicalName(None, given=False)
    start = text(stack.text({"Ref": "AWS::StackName"}), f"-{resource.id}-")
    if naming.lower:
        start = text(*(part.lower() if isinstance(part, str) else part for part in start.parts))
    return PhysicalName(text(start, Ref(GENERATED, resource.id)), given=False)
