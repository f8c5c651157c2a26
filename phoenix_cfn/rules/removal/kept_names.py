from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.rules._removal import kept
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class KeptNames(Rule):
    """A resource that is retained when its stack is deleted has no name that the next stack of the stage would use.

    Risk: Creating the stage again fails: the name already exists.

    Fix: Remove the name, or delete the resource with its stack.
    """

    id = "E9956"
    shortdesc = "A retained resource does not block the next stack"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
    )
    tags = ["removal", "names"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for resource in stack.resources.values():
            naming, node = NAMES.get(resource.type), resource.name
            if naming is None or not naming.unique or not kept(resource):
                continue
            if node.given and not (node.text is not None and "AWS::StackId" in str(node.text)):
                yield finding(node, f"{resource.id} keeps the name {node.text} when its stack is deleted")
