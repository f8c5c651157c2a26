from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._wires import parted


class WebhookTarget(Rule):
    """A webhook's TargetAction is a source action of its pipeline.

    Risk: Creating the webhook fails.

    Fix: Use the same name for both.
    """

    id = "E9713"
    shortdesc = "The webhook names the source action"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-webhook.html"
    )
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for hook in stack.of("AWS::CodePipeline::Webhook"):
            pipeline = stack.resource(hook["TargetPipeline"], "AWS::CodePipeline::Pipeline")
            sources = (
                [action.node["Name"].text for action in actions(pipeline) if action.category == "Source"]
                if pipeline
                else []
            )
            if sources and all(parted(stack, name, hook["TargetAction"].text) for name in sources):
                yield finding(hook["TargetAction"], f"The pipeline has no source action {hook['TargetAction'].text}")
