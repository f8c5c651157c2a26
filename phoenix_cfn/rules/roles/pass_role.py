from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import policies, statements
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PassRole(Rule):
    """iam:PassRole is allowed for specific roles only.

    Risk: A principal that may pass every role can use every role of the account, including administrators.

    Fix: List the roles in Resource, and limit the service with a condition on iam:PassedToService.
    """

    id = "E9803"
    shortdesc = "iam:PassRole is limited to specific roles"
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
                        yield finding(node, f"This statement allows passing every role: {node.text}")
