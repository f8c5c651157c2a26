from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.rules._buildspec import lacks_file, lacks_key
from phoenix_cfn.rules._pipeline import (
    Action,
    artifact_functions,
    artifact_path,
    buildspec,
    deployments,
    overrides,
    producer,
    project,
)
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ImageFile(Rule):
    """The buildspec writes each file that a deploy action reads from an artifact of CodeBuild (the template, the
    template configuration, the file of an Fn::GetParam with its key), and the artifact contains it.

    Risk: The deploy action fails: the file, or the key in it, does not exist.

    Fix: Use the same file name and key in the buildspec and in the action's configuration, and list the file under
    artifacts. `phoenix-cfn init` writes a buildspec with all of them.
    """

    id = "E9703"
    shortdesc = "The buildspec writes what the deployment reads"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in deployments(stack):
            for node, artifact, file, key in _read(action):
                made_by = producer(action, artifact)
                owner = project(stack, made_by) if made_by is not None and made_by.provider == "CodeBuild" else None
                spec = buildspec(stack, owner) if owner is not None else None
                if made_by is None or spec is None:
                    continue
                name = artifact if len(made_by.outputs) > 1 else ""
                why = lacks_file(spec, name, file) or (lacks_key(spec, file, key) if key else None)
                if why is not None:
                    yield finding(node, why)


def _read(action: Action) -> Iterator[tuple[Node, str, str, str]]:
    """Where a deploy action reads a file: the node, the artifact, the file, and the key where it reads only that."""
    for function, arguments in artifact_functions(overrides(action)):
        if function == "Fn::GetParam" and len(arguments) == 3 and all(arguments):
            artifact, file, key = map(str, arguments)
            yield action.configuration["ParameterOverrides"], artifact, file, key
    for name in ("TemplatePath", "TemplateConfiguration"):
        if found := artifact_path(action.configuration[name]):
            yield action.configuration[name], *found, ""
