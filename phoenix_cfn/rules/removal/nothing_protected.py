from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NothingProtected(Rule):
    """No database and no load balancer has deletion protection that no parameter can disable.

    Risk: Deleting the stack fails, and so does the rollback of its creation.

    Fix: Remove the deletion protection, or make it a parameter whose default is false.
    """

    id = "E9954"
    shortdesc = "No resource has deletion protection"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-docdb-dbcluster.html"
    )
    tags = ["removal", "storage"]
    kata = True
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        nodes = [
            cluster["DeletionProtection"]
            for cluster in stack.of("AWS::DocDB::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
        ]
        for balancer in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            for item in balancer["LoadBalancerAttributes"].items:
                if item["Key"].literal == "deletion_protection.enabled":
                    nodes.append(item["Value"])
        for node in nodes:
            if node.true and node.text is not None and not node.text.refs:
                yield finding(node, "This blocks the deletion of the stack")
