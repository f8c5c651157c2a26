"""What stays when a stack is deleted, and what writes to a bucket or empties it."""

from __future__ import annotations

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack

BUCKET_WRITERS = (
    "AWS::CodeBuild::Project",
    "AWS::CodePipeline::Pipeline",
    "AWS::CloudTrail::Trail",
    "AWS::EC2::FlowLog",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
)


def kept(resource: Resource) -> bool:
    """Whether a resource stays when its stack is deleted."""
    return resource.attribute("DeletionPolicy").literal in ("Retain", "RetainExceptOnCreate")


def emptiers(stack: Stack, bucket: Resource) -> list[Resource]:
    """The custom resources that know a bucket, and so may empty it."""
    return [
        one
        for one in stack.resources.values()
        if (one.type.startswith("Custom::") or one.type == "AWS::CloudFormation::CustomResource")
        and bucket.id in one.named
    ]
