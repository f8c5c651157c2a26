"""E9807: The build's role may do what the build does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._pipeline import buildspec
from phoenix_cfn.rules._policies import grants, role
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class BuildRole(Rule):
    """A project's role may write logs, read and write the pipeline's artifacts, and push the image that its
    buildspec pushes.

    Risk: The build fails at its first run: access denied.

    Fix: Allow the actions that the finding names.
    """

    id = "E9807"
    shortdesc = "The build's role may do what the build does"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for owner in stack.of("AWS::CodeBuild::Project"):
            held = role(stack, owner["ServiceRole"])
            if held is None:
                continue
            needed = ["logs:CreateLogStream", "logs:PutLogEvents"]
            if owner.at("LogsConfig", "CloudWatchLogs", "Status").literal == "DISABLED":
                needed = []
            if owner.at("Source", "Type").literal == "CODEPIPELINE":
                needed += ["s3:GetObject"]
            if owner.at("Artifacts", "Type").literal == "CODEPIPELINE":
                needed += ["s3:PutObject"]
            spec = buildspec(stack, owner)
            spelled = spec.text if spec is not None else ""
            if "ecr get-login" in spelled:
                needed += ["ecr:GetAuthorizationToken"]
            if re.search(r"docker\s+push|buildx\s+build[^\n]*--push|--push", spelled) and "ecr get-login" in spelled:
                needed += [
                    "ecr:InitiateLayerUpload",
                    "ecr:UploadLayerPart",
                    "ecr:CompleteLayerUpload",
                    "ecr:PutImage",
                    "ecr:BatchCheckLayerAvailability",
                ]
            for action in needed:
                if grants(stack, held).allow(action) is False:
                    yield finding(owner["ServiceRole"], f"{held.id} lacks {action}")
