from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.roles import trusts, uses
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class RoleTrustsService(Rule):
    """The service of a resource can assume the resource's role.

    Risk: Creating the resource, or its first use, fails: the role cannot be assumed.

    Fix: Set the service (such as ecs-tasks.amazonaws.com) as Principal in AssumeRolePolicyDocument.
    """

    id = "E9804"
    shortdesc = "A role trusts the service that uses it"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for use in uses(stack):
            if trusts(use.role, use.service) is False:
                yield finding(
                    use.node, f"{use.role.id} does not trust {use.service}.amazonaws.com, which {use.user.id} needs"
                )
