from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployed import refused
from phoenix_cfn.rules._pipeline import overrides, releases
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class OverridesAccepted(Rule):
    """A known value in ParameterOverrides fits the parameter's type, AllowedValues and AllowedPattern.

    Risk: The deployment fails: the value is refused.

    Fix: Use the same default and the same pattern for both parameters.
    """

    id = "E9707"
    shortdesc = "The deployed template accepts the values that are passed"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            for name, value in (overrides(action) or {}).items():
                why = refused(template.section("Parameters").get(name), value)
                if why is not None:
                    yield finding(action.configuration["ParameterOverrides"], f"{name} does not accept {value}: {why}")
