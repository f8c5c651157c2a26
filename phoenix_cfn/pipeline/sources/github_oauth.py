"""A branch on GitHub, with an OAuth token; a webhook starts the runs, as in the original kata."""

from __future__ import annotations

from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.codepipeline import Pipeline, Webhook, WebhookAuthConfiguration, WebhookFilterRule

from phoenix_cfn.parameters.form import SOURCE, Form
from phoenix_cfn.pipeline.secrets import webhook_secret
from phoenix_cfn.pipeline.sources import Source
from phoenix_cfn.pipeline.sources.git import github_parameters
from phoenix_cfn.pipeline.stages import SOURCE_ACTION, source_stage
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import StageTemplate


def github_oauth(template: StageTemplate) -> Source:
    """GitHub by token. The pipeline's role needs no permissions for it.

    CodePipeline shows the token as **** in every description of the pipeline.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/appendix-github-oauth.html
    """
    github, token = github_parameters(template), _token(template)
    stage = source_stage(
        "ThirdParty",
        "GitHub",
        {
            "Owner": Ref(github.username),
            "Repo": Ref(github.repository),
            "Branch": Ref(github.branch),
            "OAuthToken": Ref(token),
            # The webhook starts the runs; with polling, each push would start two.
            "PollForSourceChanges": False,
        },
    )
    return Source(stage, statements=[], commits=github.commits, start_on_push=webhook)


def _token(template: StageTemplate) -> Parameter:
    """The parameter of the token, which may read the repository and create its webhook."""
    return Form(template, __name__).ask(
        SOURCE,
        "OAuth token",
        Parameter(
            "GithubOAuthToken",
            Type="String",
            NoEcho=True,
            Description="GitHub personal access token (classic) with the scopes repo and admin:repo_hook.",
            AllowedPattern="^(gh[po]_[A-Za-z0-9]{36,251}|[0-9a-f]{40})$",
            ConstraintDescription="Enter a classic token: it begins with ghp_. Fine-grained tokens do not work.",
        ),
    )


@part
def webhook(scope: Scope, pipeline: Pipeline) -> None:
    """The webhook, which GitHub calls on every push. Only signed requests for the branch start a run."""
    secret = webhook_secret(scope)
    scope.add(
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
