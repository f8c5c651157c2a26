from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.policies import grants
from phoenix_cfn.cloudformation.resource_policies import key_allows_role
from phoenix_cfn.cloudformation.roles import role
from phoenix_cfn.rules._database import reading_actions, secret_of
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import containers, secrets


class SecretReadable(Rule):
    """A task definition with secrets has an execution role that may read each of them, and decrypt it if it has a
    customer managed key.

    Risk: No task starts: ResourceInitializationError, unable to pull secrets.

    Fix: Allow secretsmanager:GetSecretValue on the secret (and kms:Decrypt on its key) in the execution role's
    policy.
    """

    id = "E9214"
    shortdesc = "The execution role may read the container's secrets"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for task in stack.of("AWS::ECS::TaskDefinition"):
            owner = role(stack, task["ExecutionRoleArn"])
            for name, node in (pair for container in containers(task) for pair in secrets(container).items()):
                if not task["ExecutionRoleArn"].given:
                    yield finding(node, f"{task.id} has no execution role to read {name}")
                if owner is None:
                    continue
                source, held = secret_of(stack, node), grants(stack, owner)
                actions = reading_actions(stack, node)
                if all(held.allow(action, source) is False for action in actions):
                    yield finding(node, f"{owner.id} may not read {name}: it lacks {' or '.join(actions)}")
                key = stack.resource(source["KmsKeyId"], "AWS::KMS::Key") if source is not None else None
                if key is not None and not key_allows_role(key, owner) and held.allow("kms:Decrypt", key) is False:
                    yield finding(node, f"{owner.id} may not decrypt {name}: it lacks kms:Decrypt on {key.id}")
