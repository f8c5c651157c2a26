from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.roles import lacking
from phoenix_cfn.rules._pipeline import releases
from phoenix_cfn.rules._required_actions import CREATED_BY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DeployRole(Rule):
    """The role of a deploy action may create each type of resource in the template that it deploys.

    Risk: The deployment fails: not authorized to perform the action.

    Fix: Allow the action that the finding names.
    """

    id = "E9809"
    shortdesc = "The deploy role may create the template's resources"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            node = action.configuration["RoleArn"]
            needed = {CREATED_BY[kind]: kind for kind in sorted(template.types & set(CREATED_BY))}
            if found := lacking(stack, node, needed):
                lacked = ", ".join(f"{each} for {needed[each]}" for each in found[1])
                yield finding(node, f"{found[0].id} lacks {lacked}")
