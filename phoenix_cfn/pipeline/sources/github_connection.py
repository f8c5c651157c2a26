"""A branch on GitHub, with an existing connection: no token, no webhook."""

from __future__ import annotations

from awacs.aws import Action, Allow, Statement
from troposphere import Parameter, Ref, Sub
from troposphere.codepipeline import Pipeline

from phoenix_cfn.parameters.form import SOURCE, Form
from phoenix_cfn.pipeline.sources import Source
from phoenix_cfn.pipeline.sources.git import github_parameters
from phoenix_cfn.pipeline.stages import source_stage
from phoenix_cfn.scope import Scope
from phoenix_cfn.template import StageTemplate


def github_connection(template: StageTemplate) -> Source:
    """GitHub by connection. CloudFormation cannot complete a connection: the user creates it, and sets its ARN.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
    """
    github, connection = github_parameters(template), _connection_arn(template)
    stage = source_stage(
        "AWS",
        "CodeStarSourceConnection",
        {
            "ConnectionArn": Ref(connection),
            "FullRepositoryId": Sub(f"${{{github.username.title}}}/${{{github.repository.title}}}"),
            "BranchName": Ref(github.branch),
            "DetectChanges": True,
        },
    )
    # Both names of the service: connections from before July 2024 have the old one in their ARN.
    # https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
    use = Statement(
        Effect=Allow,
        Action=[Action(service, "UseConnection") for service in ("codeconnections", "codestar-connections")],
        Resource=[Ref(connection)],
    )
    return Source(stage, statements=[use], commits=github.commits, start_on_push=_nothing)


def _connection_arn(template: StageTemplate) -> Parameter:
    """The connection to GitHub that may read the repository."""
    return Form(template, __name__).ask(
        SOURCE,
        "Connection",
        Parameter(
            "ConnectionArn",
            Type="String",
            Description="ARN of an available connection to GitHub (Developer Tools > Settings > Connections).",
            AllowedPattern="^arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[a-f0-9-]+$",
            ConstraintDescription="Enter the full ARN of a connection: arn:aws:codeconnections:...:connection/...",
        ),
    )


def _nothing(scope: Scope, pipeline: Pipeline) -> None:
    """Adds nothing: the connection starts the runs (DetectChanges)."""
