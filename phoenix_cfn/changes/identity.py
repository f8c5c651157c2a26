"""What only one resource can have at a time: its name or its address. A replacement that keeps it cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.resource_types import resource_type
from phoenix_cfn.cloudformation.values import Text

from .outcomes import Verdict
from .spellings import spelled

Path = tuple[str, ...]

# Names of types whose identifier AWS makes, and that are unique nevertheless.
# Source: the page of each type in the template reference.
_NAMES: dict[str, tuple[str, ...]] = {
    "AWS::AmazonMQ::Broker": ("BrokerName",),
    "AWS::ApiGateway::ApiKey": ("Name",),
    "AWS::Batch::ComputeEnvironment": ("ComputeEnvironmentName",),
    "AWS::Batch::JobQueue": ("JobQueueName",),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::DAX::Cluster": ("ClusterName",),
    "AWS::DMS::ReplicationInstance": ("ReplicationInstanceIdentifier",),
    "AWS::DocDB::DBCluster": ("DBClusterIdentifier",),
    "AWS::DocDB::DBInstance": ("DBInstanceIdentifier",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::EC2::SecurityGroup": ("GroupName", "VpcId"),
    "AWS::ECS::CapacityProvider": ("Name",),
    "AWS::ECS::Service": ("ServiceName", "Cluster"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::MSK::Cluster": ("ClusterName",),
    "AWS::EKS::Nodegroup": ("NodegroupName", "ClusterName"),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
    "AWS::StepFunctions::Activity": ("Name",),
    "AWS::WAFv2::WebACL": ("Name", "Scope"),
    "AWS::WAFv2::IPSet": ("Name", "Scope"),
}

# Types that CloudFormation does not replace while the template names them, whatever else makes the name unique.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html, and for
# AWS::ECS::Service its page.
_CUSTOM_NAMED = {
    "AWS::ApiGateway::Model": "Name",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::Elasticsearch::Domain": "DomainName",
    "AWS::Events::Rule": "Name",
    "AWS::Route53::KeySigningKey": "Name",
    "AWS::SageMaker::NotebookInstance": "NotebookInstanceName",
    "AWS::WAFv2::IPSet": "Name",
    "AWS::WAFv2::RegexPatternSet": "Name",
    "AWS::WAFv2::RuleGroup": "Name",
    "AWS::WAFv2::WebACL": "Name",
}

# What two resources cannot have in common though it is no name: an address, a port, a place.
# Source: the errors of the services' APIs for a resource that exists, such as DuplicateListener.
_ADDRESSES: dict[str, tuple[tuple[str, ...], ...]] = {
    "AWS::EC2::Instance": (("SubnetId", "PrivateIpAddress"),),
    "AWS::EC2::NatGateway": (("AllocationId",),),
    "AWS::EC2::NetworkInterface": (("SubnetId", "PrivateIpAddress"),),
    "AWS::EC2::Route": (
        ("RouteTableId", "DestinationCidrBlock"),
        ("RouteTableId", "DestinationIpv6CidrBlock"),
        ("RouteTableId", "DestinationPrefixListId"),
    ),
    "AWS::EC2::Subnet": (("VpcId", "CidrBlock"),),
    "AWS::EC2::SubnetRouteTableAssociation": (("SubnetId",),),
    "AWS::EC2::VPCGatewayAttachment": (("VpcId", "InternetGatewayId"),),
    "AWS::EFS::MountTarget": (("FileSystemId", "SubnetId"),),
    "AWS::ElasticLoadBalancingV2::Listener": (("LoadBalancerArn", "Port"),),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (("ListenerArn", "Priority"),),
    "AWS::Lambda::EventSourceMapping": (("FunctionName", "EventSourceArn"),),
    "AWS::Route53::RecordSet": (
        ("HostedZoneId", "Name", "Type", "SetIdentifier"),
        ("HostedZoneName", "Name", "Type", "SetIdentifier"),
    ),
}
# Properties that an identity may lack; without them it is another one all the same.
_OPTIONAL = frozenset({"SetIdentifier", "EventBusName", "VpcId", "Cluster"})


def identities(kind: str) -> tuple[tuple[str, ...], ...]:
    """The sets of properties of a type that no two resources have in common, its name first."""
    found = [_NAMES[kind]] if kind in _NAMES else []
    known = resource_type(kind)
    if known is not None and kind not in _NAMES:
        identifier = known.primary_identifier
        written = [path for path in identifier if path not in known.read_only]
        if identifier and len(written) == len(identifier) and all(len(path) == 1 for path in identifier):
            found.append(tuple(path[0] for path in identifier))
    naming = NAMES.get(kind)
    if naming is not None and naming.unique and not found:
        found.append((naming.property,))
    return (*found, *_ADDRESSES.get(kind, ()))


Same = Callable[[str], Verdict]
"""Whether a property of two resources is the same."""


def shared(before: Resource, after: Resource, same: Same) -> tuple[str, ...]:
    """The properties by which two resources have the same name or address for certain; empty without."""
    for properties in identities(after.type):
        needed = [each for each in properties if each not in _OPTIONAL]
        if not all(before[each].given and after[each].given for each in needed):
            continue
        if all(_alike(before, after, each, same) for each in properties):
            return tuple(each for each in properties if after[each].given)
    return ()


def claims(resource: Resource) -> Iterator[tuple[str, ...]]:
    """What a resource has for itself, as texts: two resources with a claim in common may have the same identity."""
    for properties in identities(resource.type):
        texts = [resource[each].text for each in properties]
        if all(text is not None for text, each in zip(texts, properties, strict=True) if each not in _OPTIONAL):
            yield (resource.type, *properties, *("" if text is None else _key(resource, text) for text in texts))


def _key(resource: Resource, text: Text) -> str:
    return str(spelled(resource.stack, text))


def kept(before: Resource, after: Resource, same: Same) -> tuple[str, ...]:
    """The properties by which a replacement would have the name or the address of what it replaces; empty without."""
    name = _CUSTOM_NAMED.get(after.type)
    if name is not None and before[name].given and after[name].given and same(name) is Verdict.SAME:
        return (name,)
    return shared(before, after, same)


def _alike(before: Resource, after: Resource, name: str, same: Same) -> bool:
    if not before[name].given and not after[name].given:
        return True
    return same(name) is Verdict.SAME
