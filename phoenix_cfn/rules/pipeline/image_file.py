"""E9703: The buildspec writes what the deployment reads."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._buildspec import lacks_file, lacks_key
from phoenix_cfn.rules._pipeline import artifact_functions, buildspec, deployments, overrides, producer, project
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class ImageFile(Rule):
    """The file and the key of an Fn::GetParam are written by the buildspec of the action that makes the artifact,
    and the file is one of the artifact's.

    Risk: The deploy action fails: the file, or the key in it, does not exist.

    Fix: Use one file name and one key in the buildspec and in ParameterOverrides, and list the file under
    artifacts.
    """

    id = "E9703"
    shortdesc = "The buildspec writes what the deployment reads"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action in deployments(stack):
            for function, arguments in artifact_functions(overrides(action)):
                if function != "Fn::GetParam" or len(arguments) != 3:
                    continue
                artifact, file, key = arguments
                made_by = producer(action, artifact) if artifact else None
                owner = project(stack, made_by) if made_by is not None and made_by.provider == "CodeBuild" else None
                spec = buildspec(stack, owner) if owner is not None else None
                if made_by is None or owner is None or spec is None or not file or not key:
                    continue
                node = action.configuration["ParameterOverrides"]
                name = artifact if len(made_by.outputs) > 1 else ""
                why = lacks_file(spec, name or "", file) or lacks_key(spec, file, key)
                if why is not None:
                    yield finding(node, why)
