"""The source: a branch on GitHub, read with an OAuth token and announced by a webhook."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub
from troposphere.codepipeline import (
    Actions,
    ActionTypeId,
    OutputArtifacts,
    Pipeline,
    Stages,
    Webhook,
    WebhookAuthConfiguration,
    WebhookFilterRule,
)
from troposphere.secretsmanager import Secret

from phoenix_cfn.parameters import GithubParameters
from phoenix_cfn.template import StageTemplate

SOURCE_ARTIFACT = "Source"
_ACTION = "Source"


def source_stage(github: GithubParameters) -> Stages:
    """The first stage. CodePipeline shows the token as ****, here and to everybody who reads the pipeline.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html
    """
    return Stages(
        Name="Source",
        Actions=[
            Actions(
                Name=_ACTION,
                ActionTypeId=ActionTypeId(Category="Source", Owner="ThirdParty", Provider="GitHub", Version="1"),
                Configuration={
                    "Owner": Ref(github.username),
                    "Repo": Ref(github.repository),
                    "Branch": Ref(github.branch),
                    "OAuthToken": Ref(github.oauth_token),
                    # The webhook tells of pushes; to poll as well would release each of them twice.
                    "PollForSourceChanges": False,
                },
                OutputArtifacts=[OutputArtifacts(Name=SOURCE_ARTIFACT)],
            )
        ],
    )


def source_webhook(template: StageTemplate, pipeline: Pipeline, secret: Secret) -> Webhook:
    """GitHub calls it at every push; only those to the branch, and signed with the secret, start the pipeline."""
    return template.add_resource(
        Webhook(
            "SourceWebhook",
            Authentication="GITHUB_HMAC",
            AuthenticationConfiguration=WebhookAuthConfiguration(
                SecretToken=Sub(f"{{{{resolve:secretsmanager:${{{secret.title}}}:SecretString}}}}")
            ),
            Filters=[WebhookFilterRule(JsonPath="$.ref", MatchEquals="refs/heads/{Branch}")],
            TargetPipeline=Ref(pipeline),
            TargetPipelineVersion=GetAtt(pipeline, "Version"),
            TargetAction=_ACTION,
            RegisterWithThirdParty=True,
        )
    )
