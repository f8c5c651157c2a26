from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._stage_names import told_apart


class ExportsCarryStage(Rule):
    """The name of an export contains, or depends on, a parameter, the stack's name or a resource.

    Risk: The stack of the second stage fails: the export already exists.

    Fix: Begin the name with the stage's parameter, or with ${AWS::StackName}.
    """

    id = "E9904"
    shortdesc = "Export names contain the stage"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"
    tags = ["stages", "names"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        outputs = stack.section("Outputs")
        for name in outputs.keys:
            node = outputs.at(name, "Export", "Name")
            if not told_apart(node):
                yield finding(node, f"Every stage exports {node.text}")
