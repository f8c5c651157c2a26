from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PasswordNotWritten(Rule):
    """A cluster's password is a parameter, a dynamic reference to a secret, or managed by AWS.

    Risk: Every reader of the template can log in to the database.

    Fix: Use ManageMasterUserPassword, or a dynamic reference to a generated secret.
    """

    id = "E9221"
    shortdesc = "The database's password is not in the template"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in stack.of("AWS::DocDB::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"):
            node = cluster["MasterUserPassword"]
            value = node.text
            if value is not None and not value.refs and value.literal:
                yield finding(node, f"The password of {cluster.id} is in plain text")
