"""A branch on GitHub, read through a connection that was made in the console: no token, no webhook of ours."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Action, Allow, Statement
from troposphere import Parameter, Ref, Sub
from troposphere.codepipeline import Pipeline, Stages
from troposphere.kms import Key

from phoenix_cfn.parameters import GithubParameters, connection_arn, github_parameters
from phoenix_cfn.pipeline.stages import source_stage
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


@dataclass(frozen=True)
class GithubConnection:
    """GitHub by connection. CloudFormation cannot finish one: a person has to, once, and then gives its ARN here.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
    """

    github: GithubParameters
    connection: Parameter

    @property
    def stage(self) -> Stages:
        return source_stage(
            "AWS",
            "CodeStarSourceConnection",
            {
                "ConnectionArn": Ref(self.connection),
                "FullRepositoryId": Sub(f"${{{self.github.username.title}}}/${{{self.github.repository.title}}}"),
                "BranchName": Ref(self.github.branch),
                "DetectChanges": True,
            },
        )

    @property
    def statements(self) -> list[Statement]:
        """Both names of the service: connections from before July 2024 keep the old one in their ARN.

        https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
        """
        return [
            Statement(
                Effect=Allow,
                Action=[Action(service, "UseConnection") for service in ("codeconnections", "codestar-connections")],
                Resource=[Ref(self.connection)],
            )
        ]

    def announce_pushes(self, template: StageTemplate, settings: Settings, pipeline: Pipeline, key: Key) -> None:
        """The connection tells of pushes by itself (DetectChanges)."""


def github_connection(template: StageTemplate) -> GithubConnection:
    """Asks for owner, repository, branch and the connection's ARN."""
    return GithubConnection(github_parameters(template), connection_arn(template))
