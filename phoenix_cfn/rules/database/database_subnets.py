"""E9203: The database lies in no public subnet."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseSubnets(Rule):
    """A database names its subnets, and none of them has a route to an internet gateway.

    Risk: One wrong security group rule puts the database on the internet.

    Fix: Give the database subnets of its own, without a route out.
    """

    id = "E9203"
    shortdesc = "The database lies in no public subnet"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/document-db-subnet-groups.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            if not cluster["DBSubnetGroupName"].given and stack.of("AWS::EC2::VPC"):
                yield finding(cluster.here, f"{cluster.id} lies in the account's default network, not in this one")
        for group in stack.of("AWS::DocDB::DBSubnetGroup"):
            for node, subnet, kind in placed(stack, group["SubnetIds"].items):
                if kind == "public":
                    yield finding(node, f"{subnet.id} has a route to an internet gateway")
