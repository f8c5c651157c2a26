from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import policies, statements
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NoWildcard(Rule):
    """No policy allows every action, or all but some, on every resource.

    Risk: The role has administrator access.

    Fix: Allow only the actions and resources that the role needs.
    """

    id = "E9802"
    shortdesc = "No policy allows everything"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
    tags = ["security", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for document in policies(stack):
            for statement in statements(document):
                if statement.allows_everything:
                    yield finding(
                        statement.node, "This statement allows every action, or nearly every one, on every resource"
                    )
