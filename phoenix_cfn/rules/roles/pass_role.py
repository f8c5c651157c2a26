"""E9803: Roles are passed by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import policies, statements
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PassRole(Rule):
    """iam:PassRole is allowed for certain roles only.

    Risk: Who may pass any role may become any role of the account, administrators too.

    Fix: Name the roles in Resource, and the service in a condition on iam:PassedToService.
    """

    id = "E9803"
    shortdesc = "Roles are passed by name"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
    tags = ["security", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for document in policies(stack):
            for statement in statements(document):
                if not statement.allows or statement.negated or not statement.names("iam:PassRole"):
                    continue
                if statement.allows_everything:  # E9802
                    continue
                for node in statement.resources:
                    spelled = re.sub(r"\$\{AWS::\w+\}", "*", str(node.text)) if node.text is not None else ""
                    if re.fullmatch(r"\*|arn:[^:]*:iam::[^:]*:(role/)?\**", spelled):
                        yield finding(node, f"This statement passes every role: {node.text}")
