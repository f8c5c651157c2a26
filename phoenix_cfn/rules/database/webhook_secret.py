"""E9225: The webhook has a secret of its own."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class WebhookSecret(Rule):
    """A webhook's SecretToken is neither written in the template nor the token that the pipeline uses for GitHub.

    Risk: The token that opens all repositories of its owner is also used to sign requests, and shown to whoever
    reads the webhook.

    Fix: Generate a secret for the webhook and use a dynamic reference to it.
    """

    id = "E9225"
    shortdesc = "The webhook has a secret of its own"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_WebhookAuthConfiguration.html"
    tags = ["security", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        tokens = [action.configuration["OAuthToken"].text for action in all_actions(stack)]
        for hook in stack.of("AWS::CodePipeline::Webhook"):
            node = hook.at("AuthenticationConfiguration", "SecretToken")
            value = node.text
            if value is None:
                continue
            if not value.refs and value.literal is not None:
                yield finding(node, "The webhook's secret is written in the template")
            elif any(value == token for token in tokens):
                yield finding(node, "The webhook's secret is the token that the pipeline uses for GitHub")
