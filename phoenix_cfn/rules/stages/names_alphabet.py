from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NamesAlphabet(Rule):
    """Names of buckets and repositories are in lowercase; names of load balancers and target groups have no underscore.

    Risk: Creating the stack fails: the name is not valid.

    Fix: Use lowercase letters, digits and hyphens.
    """

    id = "E9903"
    shortdesc = "Physical names have valid characters"
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
    tags = ["stages", "names"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        patterns = {
            "AWS::S3::Bucket": r"[a-z0-9.-]*",
            "AWS::ECR::Repository": r"[a-z0-9._/-]*",
            "AWS::ElasticLoadBalancingV2::LoadBalancer": r"[A-Za-z0-9-]*",
            "AWS::ElasticLoadBalancingV2::TargetGroup": r"[A-Za-z0-9-]*",
            "AWS::DocDB::DBCluster": r"[A-Za-z0-9-]*",
            "AWS::DocDB::DBInstance": r"[A-Za-z0-9-]*",
        }
        for kind, pattern in patterns.items():
            for resource in stack.of(kind):
                node = resource.name
                value = node.text
                if (
                    value is not None
                    and "{{" not in value.plain
                    and not re.fullmatch(pattern, value.literal or value.plain)
                ):
                    yield finding(node, f"{value.literal or value} is not a valid name for an {kind}")
