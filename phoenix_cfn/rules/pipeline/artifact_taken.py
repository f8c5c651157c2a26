from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import all_actions, artifact_functions, artifact_path, overrides
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ArtifactTaken(Rule):
    """The artifacts in TemplatePath, TemplateConfiguration and ParameterOverrides are input artifacts of their
    action.

    Risk: The action fails at its first run.

    Fix: Add the artifact to InputArtifacts.
    """

    id = "E9702"
    shortdesc = "The artifacts that an action reads are its inputs"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in all_actions(stack, "CloudFormation"):
            if (not action.inputs and action.node["InputArtifacts"].given) or any(
                node.literal is None for node in action.inputs
            ):
                continue
            taken = {node.literal for node in action.inputs}
            read = [
                (action.configuration[key], found[0])
                for key in ("TemplatePath", "TemplateConfiguration")
                if (found := artifact_path(action.configuration[key]))
            ]
            read += [
                (action.configuration["ParameterOverrides"], arguments[0] or "")
                for _, arguments in artifact_functions(overrides(action))
                if arguments
            ]
            for node, name in read:
                if name and name not in taken:
                    there = ", ".join(sorted(filter(None, taken))) or "none"
                    yield finding(node, f"{name} is not an input artifact of this action; its inputs are {there}")
