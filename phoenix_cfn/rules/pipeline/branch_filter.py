from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.values import text
from phoenix_cfn.rules._pipeline import actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._wires import note, parted


class BranchFilter(Rule):
    """A webhook filters $.ref by refs/heads/ followed by the branch of the source action.

    Risk: A push to any branch starts the pipeline, or no push does.

    Fix: Add a filter with JsonPath $.ref and MatchEquals refs/heads/{Branch}.
    """

    id = "E9710"
    shortdesc = "The webhook starts the pipeline for its branch only"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-webhook.html"
    )
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for hook in stack.of("AWS::CodePipeline::Webhook"):
            refs = [item["MatchEquals"] for item in hook["Filters"].items if item["JsonPath"].literal == "$.ref"]
            if not hook["Filters"].opaque and not any(node.given for node in refs):
                yield finding(
                    hook["Filters"] if hook["Filters"].given else hook.here, f"{hook.id} does not filter by branch"
                )
            for node in refs:
                if node.text is not None and not node.text.plain.startswith("refs/heads/") and not node.unknown:
                    yield finding(node, f"GitHub sends refs/heads/ followed by the branch, not {node.text}")
                pipeline = stack.resource(hook["TargetPipeline"], "AWS::CodePipeline::Pipeline")
                for action in actions(pipeline) if pipeline is not None else []:
                    branch = action.configuration["Branch"].text
                    spelled = text("refs/heads/", branch)
                    named = node.text is not None and "{" not in node.text.plain
                    if action.category == "Source" and named and parted(stack, node.text, spelled):
                        yield finding(
                            node, f"The source action reads the branch {branch}{note(stack, node.text, spelled)}"
                        )
