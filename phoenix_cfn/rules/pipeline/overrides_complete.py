from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import overrides, releases
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class OverridesComplete(Rule):
    """Every parameter without a default of the deployed template is in ParameterOverrides, or in a template
    configuration.

    Risk: The deployment fails: parameters must have values.

    Fix: Add the parameter to ParameterOverrides, or give it a default.
    """

    id = "E9706"
    shortdesc = "The parameters that the deployed template needs are passed"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            node, passed = action.configuration["ParameterOverrides"], overrides(action)
            if action.configuration["TemplateConfiguration"].given or (node.given and passed is None):
                continue
            for name, parameter in template.section("Parameters").items():
                if isinstance(parameter, dict) and "Default" not in parameter and name not in (passed or {}):
                    place = node if node.given else action.configuration
                    yield finding(place, f"{template.path.name} needs the parameter {name}")
