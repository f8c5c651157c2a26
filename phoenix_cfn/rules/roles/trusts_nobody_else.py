from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TrustsNobodyElse(Rule):
    """No role trusts all principals.

    Risk: Every AWS account may assume the role.

    Fix: Set the service or the account as Principal.
    """

    id = "E9805"
    shortdesc = "No role trusts all principals"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
    tags = ["security", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner in stack.of("AWS::IAM::Role"):
            for statement in owner.at("AssumeRolePolicyDocument", "Statement").items:
                if statement["Effect"].literal == "Deny" or statement["Condition"].given:
                    continue
                for node in [statement["Principal"], *statement.at("Principal", "AWS").items]:
                    if node.literal == "*":
                        yield finding(node, f"Every AWS account may assume {owner.id}")
