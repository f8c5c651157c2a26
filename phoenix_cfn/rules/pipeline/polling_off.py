from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions, triggers
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PollingOff(Rule):
    """A source action whose pipeline has a webhook or an event rule has PollForSourceChanges false.

    Risk: Every push starts the pipeline twice.

    Fix: Set PollForSourceChanges to false; the default is true.
    """

    id = "E9711"
    shortdesc = "The source is not polled where a push starts the pipeline"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            node = action.configuration["PollForSourceChanges"]
            polls = action.provider in ("GitHub", "CodeCommit", "S3") and not node.false and not node.unknown
            if action.category == "Source" and polls and triggers(stack, action.pipeline):
                yield finding(node if node.given else action.configuration, "The source is polled as well")
