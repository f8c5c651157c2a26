from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import secret_keys, secret_of
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers, secrets


class SecretKey(Rule):
    """A JSON key in a container's Secrets is a key of that secret, and a connection string is not a whole JSON
    document.

    Risk: No task starts (the key does not exist), or the application gets JSON instead of a connection string.

    Fix: Use a key of the secret's template, or store the connection string in a separate secret.
    """

    id = "E9224"
    shortdesc = "The secret has the key that the container uses"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for container in all_containers(stack):
            for name, node in secrets(container).items():
                source = secret_of(stack, node)
                keys = secret_keys(stack, source) if source is not None else None
                if source is None or keys is None:
                    continue
                asked = str(node.text).rpartition(f"${{{source.id}}}")[2].split(":")
                if len(asked) > 1 and asked[1] and asked[1] not in keys:
                    yield finding(
                        node, f"{source.id} has no key {asked[1]}; it has {', '.join(sorted(keys)) or 'none'}"
                    )
                elif name == "DB_CONNECTION_STRING" and keys and (len(asked) < 2 or not asked[1]):
                    yield finding(node, f"{source.id} is a JSON document, not a connection string")
