from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import Statement, grants, policies, statements
from phoenix_cfn.cloudformation.roles import uses
from phoenix_cfn.rules._database import every_secret, secret_of
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers, secrets


def reads_secrets(statement: Statement) -> bool:
    """Whether a statement allows a role to read secrets, without a condition that may limit which."""
    plain = statement.allows and not statement.negated and not statement.node["Condition"].given
    return plain and statement.names("secretsmanager:GetSecretValue")


class SecretForNoOneElse(Rule):
    """No role may read all secrets of the account. A secret that ECS passes to a container is not readable by task
    roles, builds or pipelines.

    Risk: A vulnerability in the application or in a build script exposes the database and all other secrets of the
    account.

    Fix: Allow secretsmanager:GetSecretValue on the one secret, to the execution role only.
    """

    id = "E9215"
    shortdesc = "Only roles that need a secret may read it"
    source_url = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html"
    tags = ["security", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for document in policies(stack):
            for statement in statements(document):
                if reads_secrets(statement) and not statement.conditional and not statement.allows_everything:  # E9802
                    for node in statement.resources:
                        if every_secret(node):
                            yield finding(node, "This policy allows its role to read every secret of the account")
        handed = {
            source.id: source
            for container in all_containers(stack)
            for node in secrets(container).values()
            if (source := secret_of(stack, node)) is not None
        }
        executing = {use.role.id for use in uses(stack) if use.node.path[-1] == "ExecutionRoleArn"}
        for use in uses(stack):
            if use.role.id in executing or use.service not in ("ecs-tasks", "codebuild", "codepipeline"):
                continue
            for statement in grants(stack, use.role).statements:
                if reads_secrets(statement):
                    for node in statement.resources:
                        value = node.text
                        named = next((ref.name for ref in value.refs if ref.name in handed), None) if value else None
                        if named is not None:
                            yield finding(node, f"{use.role.id} may read {named}, which ECS passes to the container")
