from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import actions, all_actions, buildspec, project
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ExportedVariables(Rule):
    """A variable such as #{Build.IMAGE_URI} uses the Namespace of an action and a variable that the buildspec exports.

    Risk: CodePipeline refuses the pipeline, or the variable does not resolve in the first run.

    Fix: Set the action's Namespace, and add the variable to exported-variables.
    """

    id = "E9720"
    shortdesc = "The variables of an earlier action exist"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-variables.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack):
            spaces = {each.node["Namespace"].literal: each for each in actions(action.pipeline)}
            for key in action.configuration.keys:
                value = action.configuration[key].text
                for space, name in re.findall(r"#\{([\w-]+)\.([\w-]+)\}", value.plain) if value is not None else []:
                    if space in ("codepipeline", "variables"):
                        continue
                    made_by = spaces.get(space)
                    if made_by is None:
                        yield finding(action.configuration[key], f"No action has the namespace {space}")
                        continue
                    owner = project(stack, made_by) if made_by.provider == "CodeBuild" else None
                    spec = buildspec(stack, owner) if owner is not None else None
                    if spec is not None and name not in spec.environment("exported-variables"):
                        yield finding(action.configuration[key], f"The buildspec does not export {name}")
