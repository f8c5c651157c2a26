from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.roles import lacking
from phoenix_cfn.rules._required_actions import build_needs
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BuildRole(Rule):
    """A project's role may write logs, read and write the pipeline's artifacts, and push images if the buildspec does.

    Risk: The first build fails: access denied.

    Fix: Allow the actions that the finding names.
    """

    id = "E9807"
    shortdesc = "The build's role has the permissions of the build"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for project in stack.of("AWS::CodeBuild::Project"):
            node = project["ServiceRole"]
            if found := lacking(stack, node, build_needs(stack, project)):
                yield finding(node, f"{found[0].id} lacks {', '.join(found[1])}")
