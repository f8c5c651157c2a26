from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._buildspec import action_variables, started_with, variables_read
from phoenix_cfn.rules._pipeline import all_actions, builds, project
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BuildVariables(Rule):
    """Every variable that a buildspec reads and does not set is set by the project, the action or CodeBuild.

    Risk: The variable is empty: the build fails, often with an error that does not name the variable.

    Fix: Add the variable to the project's EnvironmentVariables.
    """

    id = "E9714"
    shortdesc = "The variables that the buildspec reads are set"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner, spec in builds(stack):
            variables = owner.at("Environment", "EnvironmentVariables")
            names = {item["Name"].literal for item in variables.items}
            runs = [action for action in all_actions(stack, "CodeBuild") if project(stack, action) is owner]
            told = [action_variables(action) for action in runs] + started_with(stack, owner)
            if None in names or None in told or (variables.given and not variables.listed):
                continue
            given = {name for name in names if name}.union(*(each for each in told if each))
            lacked = sorted(variables_read(spec) - given)
            if lacked:
                place = variables if variables.given else owner.here
                more = f" and {len(lacked) - 10} more" if len(lacked) > 10 else ""
                yield finding(
                    place,
                    f"The buildspec reads {', '.join(lacked[:10])}{more}, which no project or action sets",
                )
