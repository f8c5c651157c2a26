from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions, triggers
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SomethingStartsIt(Rule):
    """A pipeline whose source is not polled has a webhook or an event rule.

    Risk: A push starts no run; each run has to be started by hand.

    Fix: Add a webhook with RegisterWithThirdParty, or an event rule for CodeCommit.
    """

    id = "E9712"
    shortdesc = "A push starts the pipeline"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-about-starting.html"
    tags = ["R5", "pipeline"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            if action.category != "Source" or action.provider not in ("GitHub", "CodeCommit"):
                continue
            node = action.configuration["PollForSourceChanges"]
            others = [hook for hook in stack.of("AWS::CodePipeline::Webhook") if hook["TargetPipeline"].unknown]
            if node.false and not triggers(stack, action.pipeline) and not others:
                yield finding(
                    node,
                    "No push starts this pipeline: its source is not polled, and it has no webhook and no event rule",
                )
        for hook in stack.of("AWS::CodePipeline::Webhook"):
            node = hook["RegisterWithThirdParty"]
            if not node.true and not node.unknown:
                yield finding(
                    node if node.given else hook.here,
                    f"{hook.id} is not registered with GitHub: RegisterWithThirdParty is not true",
                )
