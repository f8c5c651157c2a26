from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.capabilities import needed_capabilities
from phoenix_cfn.rules._pipeline import releases
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class Capabilities(Rule):
    """A deploy action has CAPABILITY_IAM (CAPABILITY_NAMED_IAM for named roles) if its template has IAM resources, and
    CAPABILITY_AUTO_EXPAND if it has a transform.

    Risk: The deployment fails: requires capabilities.

    Fix: Set Capabilities, separated by commas.
    """

    id = "E9709"
    shortdesc = "The deployment has the capabilities that the template needs"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html"
    tags = ["R5", "pipeline"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for action, template in releases(stack):
            node = action.configuration["Capabilities"]
            given = {word.strip() for word in (node.literal or "").split(",")}
            for wanted, others in needed_capabilities(template.template):
                if not node.unknown and not given & {wanted, *others}:
                    place = node if node.given else action.configuration
                    yield finding(place, f"{template.path.name} needs {wanted}")
