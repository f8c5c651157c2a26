from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import actions, all_actions, producer
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ArtifactsProduced(Rule):
    """Every input artifact of an action is the output of an action that runs before it.

    Risk: CodePipeline refuses the pipeline.

    Fix: Use the same name on both sides, and run the producer in an earlier stage (or with a lower RunOrder).
    """

    id = "E9701"
    shortdesc = "Artifacts are produced before they are consumed"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            for node in action.inputs:
                if node.literal is None or any(
                    one.literal is None for each in actions(action.pipeline) for one in each.outputs
                ):
                    continue
                made_by = producer(action, node.literal)
                if made_by is None:
                    yield finding(node, f"No action produces the artifact {node.literal}")
                elif (made_by.stage, made_by.order) >= (action.stage, action.order):
                    yield finding(node, f"The artifact {node.literal} is produced only after it is consumed")
