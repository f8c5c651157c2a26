from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._stage_names import told_apart


class NamesCarryStage(Rule):
    """A name that must be unique in an account contains, or depends on, a parameter, the stack's name or another
    resource.

    Risk: The stack of the second stage fails: the name already exists.

    Fix: Begin the name with the stage's parameter, or remove it.
    """

    id = "E9901"
    shortdesc = "Physical names contain the stage"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"
    tags = ["stages", "names"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for resource in stack.resources.values():
            naming = NAMES.get(resource.type)
            if naming is not None and naming.unique and not told_apart(resource.name):
                yield finding(resource.name, f"{resource.name.text} is the same name in every stage")
