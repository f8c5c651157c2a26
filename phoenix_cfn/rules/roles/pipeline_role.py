from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.policies import grants
from phoenix_cfn.cloudformation.roles import role
from phoenix_cfn.rules._pipeline import actions, pipelines
from phoenix_cfn.rules._required_actions import ACTION_NEEDS
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class PipelineRole(Rule):
    """A pipeline's role may read and write artifacts, run builds and deployments, use the source, and pass the deploy
    role.

    Risk: The first run of the pipeline fails: access denied.

    Fix: Allow the actions that the finding names.
    """

    id = "E9808"
    shortdesc = "The pipeline's role has the permissions of its actions"
    source_url = "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html"
    tags = ["wiring", "roles"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for pipeline in pipelines(stack):
            held = role(stack, pipeline["RoleArn"])
            if held is None:
                continue
            bucket = stack.resource(pipeline.at("ArtifactStore", "Location"), "AWS::S3::Bucket")
            needed: list[tuple[tuple[str, ...], Resource | None]] = [
                (("s3:GetObject",), bucket),
                (("s3:PutObject",), bucket),
            ]
            for action in actions(pipeline):
                if not action.node["RoleArn"].given:
                    deploy = role(stack, action.configuration["RoleArn"])
                    needed += [(names, None) for names in ACTION_NEEDS.get(action.provider or "", ())]
                    needed += [(("iam:PassRole",), deploy)] if deploy is not None else []
            lacked = [
                names[0] + (f" on {resource.id}" if resource is not None else "")
                for names, resource in needed
                if all(grants(stack, held).allow(name, resource) is False for name in names)
            ]
            if lacked:
                yield finding(pipeline["RoleArn"], f"{held.id} lacks {', '.join(dict.fromkeys(lacked))}")
