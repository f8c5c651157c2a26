"""A branch on GitHub, read with an OAuth token and announced by a webhook: the way of the original kata."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Statement
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.codepipeline import (
    Pipeline,
    Stages,
    Webhook,
    WebhookAuthConfiguration,
    WebhookFilterRule,
)
from troposphere.kms import Key

from phoenix_cfn.parameters import GithubParameters, github_oauth_token, github_parameters
from phoenix_cfn.pipeline.secrets import webhook_secret
from phoenix_cfn.pipeline.stages import SOURCE_ACTION, source_stage
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


@dataclass(frozen=True)
class GithubOAuth:
    """GitHub by token: the pipeline's role needs nothing for it."""

    github: GithubParameters
    token: Parameter

    @property
    def stage(self) -> Stages:
        """CodePipeline shows the token as ****, here and to everybody who reads the pipeline.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html
        """
        return source_stage(
            "ThirdParty",
            "GitHub",
            {
                "Owner": Ref(self.github.username),
                "Repo": Ref(self.github.repository),
                "Branch": Ref(self.github.branch),
                "OAuthToken": Ref(self.token),
                # The webhook tells of pushes; to poll as well would release each of them twice.
                "PollForSourceChanges": False,
            },
        )

    @property
    def statements(self) -> list[Statement]:
        return []

    def announce_pushes(self, template: StageTemplate, settings: Settings, pipeline: Pipeline, key: Key) -> None:
        """GitHub calls a webhook at every push; only those to the branch, and signed with the secret, start a run."""
        secret = webhook_secret(template, settings, key)
        template.add_resource(
            Webhook(
                "SourceWebhook",
                Authentication="GITHUB_HMAC",
                AuthenticationConfiguration=WebhookAuthConfiguration(
                    SecretToken=Sub(f"{{{{resolve:secretsmanager:${{{secret.title}}}:SecretString}}}}")
                ),
                Filters=[WebhookFilterRule(JsonPath="$.ref", MatchEquals="refs/heads/{Branch}")],
                TargetPipeline=Ref(pipeline),
                TargetPipelineVersion=GetAtt(pipeline, "Version"),
                TargetAction=SOURCE_ACTION,
                RegisterWithThirdParty=True,
            )
        )


def github_oauth(template: StageTemplate) -> GithubOAuth:
    """Asks for owner, repository, branch and token."""
    return GithubOAuth(github_parameters(template), github_oauth_token(template))
