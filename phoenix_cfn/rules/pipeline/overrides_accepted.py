"""E9707: The deployed template takes the values that are passed."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._build import refused
from phoenix_cfn.rules._pipeline import deployed, deployments, overrides
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._values import Text


class OverridesAccepted(Rule):
    """A value in ParameterOverrides that is known is one that the parameter's type, AllowedValues and
    AllowedPattern allow.

    Risk: The deployment fails: the value is refused.

    Fix: Give both parameters one default and one pattern.
    """

    id = "E9707"
    shortdesc = "The deployed template takes the values that are passed"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in deployments(stack):
            template = deployed(stack, action)
            for name, value in (overrides(action) or {}).items() if template is not None else ():
                parameter = template.section("Parameters").get(name) if template is not None else None
                literal = (
                    value.literal
                    if isinstance(value, Text)
                    else str(value)
                    if isinstance(value, (int, float))
                    else None
                )
                if isinstance(parameter, dict) and literal is not None and "#{" not in literal:
                    why = refused(parameter, literal)
                    if why is not None:
                        yield finding(
                            action.configuration["ParameterOverrides"], f"{name} does not take {literal!r}: {why}"
                        )
