from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class WebhookSecret(Rule):
    """A webhook's SecretToken is neither plain text in the template nor the token that the pipeline uses for GitHub.

    Risk: The token for all repositories of its owner also signs requests, and every principal that may read the
    webhook can read it.

    Fix: Generate a secret for the webhook and use a dynamic reference to it.
    """

    id = "E9225"
    shortdesc = "The webhook has a separate secret"
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
                yield finding(node, "The webhook's secret is in plain text")
            elif any(value == token for token in tokens):
                yield finding(node, "The webhook's secret is the token that the pipeline uses for GitHub")
