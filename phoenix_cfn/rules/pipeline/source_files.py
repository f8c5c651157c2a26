from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import source_files
from phoenix_cfn.rules._repository import ancestors, find
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class SourceFiles(Rule):
    """The template and the buildspec that a pipeline takes from its source exist in the repository.

    Risk: The first run fails: the file is not in the artifact.

    Fix: Use the path of the file relative to the repository's root.
    """

    id = "E9704"
    shortdesc = "The files that the pipeline expects are in the repository"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["wiring", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        expected = source_files(stack)
        found = {path for _, path in expected if find(stack.filename, path) is not None}
        # A template may deploy another repository's source: files are missing only if one of them is here.
        if found and ancestors(stack.filename):
            for node, path in expected:
                if path not in found:
                    yield finding(node, f"The repository has no {path}")
