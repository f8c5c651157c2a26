from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters, connection_strings, inner
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PasswordAlphabet(Rule):
    """A secret that generates a database's password excludes the characters that DocumentDB refuses (/, ", @), and,
    where a connection string contains the password, those that are reserved in a URI.

    Risk: Some stacks fail at random: the generated password is refused, or breaks the connection string.

    Fix: Set ExcludePunctuation, or list these characters in ExcludeCharacters.
    """

    id = "E9222"
    shortdesc = "A generated password is valid for the database and in a URI"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        in_uris = {
            ref.name for uri in connection_strings(stack) if uri.password is not None for ref in inner(uri.password)
        }
        in_clusters = {
            ref.name
            for cluster in clusters(stack)
            if (value := cluster["MasterUserPassword"].text)
            for ref in value.refs
        }
        for secret in stack.of("AWS::SecretsManager::Secret"):
            made = secret["GenerateSecretString"]
            if not made.given or secret.id not in in_uris | in_clusters:
                continue
            if (
                made["ExcludePunctuation"].true
                or made["ExcludePunctuation"].unknown
                or made["ExcludeCharacters"].unknown
            ):
                continue
            refused = '/"@' + (":?#[]%" if secret.id in in_uris else "")
            left = "".join(sign for sign in refused if sign not in (made["ExcludeCharacters"].literal or ""))
            if left:
                yield finding(made, f"{secret.id} may generate a password with one of {left}")
