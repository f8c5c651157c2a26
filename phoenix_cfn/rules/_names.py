"""Physical names: which must be unique, how long they may be, what tells two stages' names apart; and what is kept."""

from __future__ import annotations

import re

from ._identity import PHYSICAL_NAMES
from ._template import Node, Resource, Stack, named_in, spelled
from ._values import Ref

UNIQUE = frozenset(PHYSICAL_NAMES) - {
    # Unique within something that is the stage's own already: a cluster, a network, a scalable target.
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::SecurityGroup",
    "AWS::ECS::Service",
    # Two stages may share a family; each has revisions of its own.
    "AWS::ECS::TaskDefinition",
}
"""The types whose names must differ in an account and region."""

LIMITS: dict[str, int] = {
    "AWS::Backup::BackupVault": 50,
    "AWS::CodeBuild::Project": 150,
    "AWS::CodeConnections::Connection": 32,
    "AWS::CodeStarConnections::Connection": 32,
    "AWS::CodePipeline::Pipeline": 100,
    "AWS::DocDB::DBCluster": 63,
    "AWS::DocDB::DBInstance": 63,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::S3::Bucket": 63,
}
"""How many characters a name may have."""

BUCKET_WRITERS = (
    "AWS::CodeBuild::Project",
    "AWS::CodePipeline::Pipeline",
    "AWS::CloudTrail::Trail",
    "AWS::EC2::FlowLog",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
)

_SAME_EVERYWHERE = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"})
_STAGE = re.compile(r"(?i)stage|env|prefix|suffix")
_PSEUDO = {"AWS::AccountId": 12, "AWS::Region": len("ap-southeast-1"), "AWS::Partition": 3}


def told_apart(node: Node) -> bool:
    """Whether two stacks in one account and region may have different names: by what is in them, or by what chose them.

    A mapping, a condition or a list leaves but the name that it gives in this scenario; what it chose by counts, too.
    """
    name = node.text
    if name is None or not name.parts or "{{" in name.plain:
        return True
    if "Fn::If" in node.path or "Fn::If" in spelled(node.raw):
        return True
    return bool({*(ref.name for ref in name.refs), *named_in(node.raw)} - _SAME_EVERYWHERE)


def longest(stack: Stack, ref: Ref) -> int:
    """How many characters a reference may have, as far as the template says."""
    if ref.name in _PSEUDO:
        return _PSEUDO[ref.name]
    parameter = stack.parameter(ref.name)
    if not parameter.given:
        return 0
    if parameter["MaxLength"].number is not None:
        return int(parameter["MaxLength"].number or 0)
    allowed = [len(item.literal or "") for item in parameter["AllowedValues"].items]
    if allowed:
        return max(allowed)
    return max(len(parameter["Default"].literal or ""), len("production") if _STAGE.search(ref.name) else 0)


def kept(resource: Resource) -> bool:
    """Whether a resource stays when its stack is deleted."""
    return resource.attribute("DeletionPolicy").literal in ("Retain", "RetainExceptOnCreate")


def emptiers(stack: Stack, bucket: Resource) -> list[Resource]:
    """The custom resources that know a bucket, and so may empty it."""
    return [
        one
        for one in stack.resources.values()
        if (one.type.startswith("Custom::") or one.type == "AWS::CloudFormation::CustomResource")
        and bucket.id in one.references
    ]
