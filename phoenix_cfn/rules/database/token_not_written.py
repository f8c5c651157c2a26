from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class TokenNotWritten(Rule):
    """A source action's OAuthToken is a parameter or a dynamic reference.

    Risk: Every reader of the template has the token, and with it all repositories of its owner.

    Fix: Use a NoEcho parameter, or a dynamic reference to a secret.
    """

    id = "E9226"
    shortdesc = "The GitHub token is not in the template"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html"
    tags = ["security", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            node = action.configuration["OAuthToken"]
            value = node.text
            if value is not None and not value.refs and value.literal:
                yield finding(node, "The token is in plain text")
