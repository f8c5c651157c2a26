from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._stage_names import told_apart


class StackCarriesStage(Rule):
    """The StackName of a deploy action contains, or depends on, a parameter, the stack's name or a resource.

    Risk: The pipelines of two stages deploy to the same stack.

    Fix: Begin the name with the stage's parameter.
    """

    id = "E9905"
    shortdesc = "The deployed stack's name contains the stage"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["stages", "names"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack, "CloudFormation"):
            node = action.configuration["StackName"]
            if not told_apart(node):
                yield finding(node, f"Every stage deploys to the stack {node.text}")
