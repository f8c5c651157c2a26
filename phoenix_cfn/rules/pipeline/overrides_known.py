from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import overrides, releases
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class OverridesKnown(Rule):
    """Every name in ParameterOverrides is a parameter of the template that the action deploys.

    Risk: The deployment fails: parameters do not exist in the template.

    Fix: Use the names of the template's parameters.
    """

    id = "E9705"
    shortdesc = "The deployed template has the parameters that are passed"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            for name in overrides(action) or {}:
                if name not in template.section("Parameters"):
                    node = action.configuration["ParameterOverrides"]
                    yield finding(node, f"{template.path.name} has no parameter {name}")
