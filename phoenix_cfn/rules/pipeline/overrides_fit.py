from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployed import least_length
from phoenix_cfn.rules._pipeline import all_actions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class OverridesFit(Rule):
    """The text of ParameterOverrides has at most 1,000 characters.

    Risk: CodePipeline refuses the pipeline: a value in an action's configuration has at most 1,000 characters.

    Fix: Remove values that equal the defaults, or use a template configuration file.
    """

    id = "E9708"
    shortdesc = "ParameterOverrides fit into the pipeline"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            for key in action.configuration.keys:
                value = action.configuration[key].text
                size = (
                    sum(len(part) if isinstance(part, str) else least_length(stack, part) for part in value.parts)
                    if value
                    else 0
                )
                if size > 1000:
                    yield finding(action.configuration[key], f"{key} has at least {size} characters; 1,000 are allowed")
