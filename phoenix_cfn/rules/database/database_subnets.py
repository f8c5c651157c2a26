from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._network import placed
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DatabaseSubnets(Rule):
    """A database has a subnet group, and none of its subnets has a route to an internet gateway.

    Risk: One wrong security group rule exposes the database to the internet.

    Fix: Use separate subnets for the database, without a route to the internet.
    """

    id = "E9203"
    shortdesc = "The database is in no public subnet"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/document-db-subnet-groups.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            if not cluster["DBSubnetGroupName"].given and stack.of("AWS::EC2::VPC"):
                yield finding(cluster.here, f"{cluster.id} is in the account's default VPC, not in this one")
        for group in stack.of("AWS::DocDB::DBSubnetGroup"):
            for node, subnet, kind in placed(stack, group["SubnetIds"].items):
                if kind == "public":
                    yield finding(node, f"{subnet.id} has a route to an internet gateway")
