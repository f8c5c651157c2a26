"""The resources that stay when a stack is deleted, and the writers and emptiers of a bucket."""

from __future__ import annotations

import re

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


_EMPTIES = re.compile(r"(?i)empt(y|ie)|clean|purge|wipe|delet\w*[-_ ]?(object|bucket|file|content|version)|autodelete")
# Calls of code that empties a bucket; every custom resource handles requests of type Delete.
_DELETES = re.compile(r"(?i)delete_?object|object_?versions|objects\.(all|filter)|empty_?bucket|\brm\b.*--recursive")


def emptiers(stack: Stack, bucket: Resource) -> list[tuple[Resource, bool]]:
    """The custom resources that may empty a bucket they refer to, and whether they are known to do so.

    Code in the template that deletes nothing does not empty the bucket.
    """
    found = []
    for one in stack.resources.values():
        custom = one.type.startswith("Custom::") or one.type == "AWS::CloudFormation::CustomResource"
        if not custom or bucket.id not in one.named:
            continue
        function = stack.resource(one["ServiceToken"], "AWS::Lambda::Function")
        code = function.at("Code", "ZipFile").text if function is not None else None
        meant = _EMPTIES.search(f"{one.type} {one.id}") is not None
        deletes = _DELETES.search(code.plain) is not None if code is not None else None
        if meant or deletes is not False:
            found.append((one, meant or deletes is True))
    return found
