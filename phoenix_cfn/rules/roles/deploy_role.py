"""E9809: The deploy role may make what the template holds."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._needs import CREATED_BY
from phoenix_cfn.rules._pipeline import deployed, deployments
from phoenix_cfn.rules._policies import grants, role
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class DeployRole(Rule):
    """The role of a deploy action may create each type of resource in the template that it deploys.

    Risk: The deployment fails half-way: not authorized to perform the action.

    Fix: Allow the action that the finding names.
    """

    id = "E9809"
    shortdesc = "The deploy role may make what the template holds"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in deployments(stack):
            held = role(stack, action.configuration["RoleArn"])
            template = deployed(stack, action)
            if held is None or template is None:
                continue
            for kind in sorted(template.types & set(CREATED_BY)):
                if grants(stack, held).allow(CREATED_BY[kind]) is False:
                    yield finding(action.configuration["RoleArn"], f"{held.id} lacks {CREATED_BY[kind]} for {kind}")
