from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import managed_name
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class NoAdministrator(Rule):
    """No role has AdministratorAccess or another managed policy that allows (nearly) everything.

    Risk: A vulnerability in the application, a build script or a pull request can take over the account.

    Fix: Allow only the actions and resources that the role needs.
    """

    id = "E9801"
    shortdesc = "No role is an administrator"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
    tags = ["security", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner in stack.of("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
            for node in owner["ManagedPolicyArns"].items:
                if managed_name(node.text) in ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess"):
                    yield finding(node, f"{owner.id} has {managed_name(node.text)}")
