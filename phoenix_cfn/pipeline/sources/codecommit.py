"""A branch in CodeCommit, announced by EventBridge."""

from __future__ import annotations

from dataclasses import dataclass

from awacs import codecommit as codecommit_actions
from awacs import codepipeline
from awacs.aws import Allow, PolicyDocument, Statement
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.codepipeline import Pipeline, Stages
from troposphere.events import Rule, Target
from troposphere.iam import Policy, Role
from troposphere.kms import Key

from phoenix_cfn.iam.trust import trusts
from phoenix_cfn.parameters import codecommit_branch, codecommit_repository
from phoenix_cfn.pipeline.stages import source_stage
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


@dataclass(frozen=True)
class CodeCommit:
    """A repository that exists in this account and region."""

    repository: Parameter
    branch: Parameter

    @property
    def stage(self) -> Stages:
        return source_stage(
            "AWS",
            "CodeCommit",
            {
                "RepositoryName": Ref(self.repository),
                "BranchName": Ref(self.branch),
                # The rule tells of pushes; to poll as well would release each of them twice.
                "PollForSourceChanges": False,
            },
        )

    @property
    def statements(self) -> list[Statement]:
        """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html"""
        return [
            Statement(
                Effect=Allow,
                Action=[
                    codecommit_actions.CancelUploadArchive,
                    codecommit_actions.GetBranch,
                    codecommit_actions.GetCommit,
                    codecommit_actions.GetUploadArchiveStatus,
                    codecommit_actions.UploadArchive,
                ],
                Resource=[self._arn()],
            )
        ]

    def announce_pushes(self, template: StageTemplate, settings: Settings, pipeline: Pipeline, key: Key) -> None:
        """A rule starts a run when the branch gets a commit, with a role that can do nothing else."""
        pipeline_arn = Sub(
            f"arn:${{AWS::Partition}}:codepipeline:${{AWS::Region}}:${{AWS::AccountId}}:${{{pipeline.title}}}"
        )
        role = template.add_resource(
            Role(
                "PushRole",
                AssumeRolePolicyDocument=trusts("events"),
                Policies=[
                    Policy(
                        PolicyName="start-the-pipeline",
                        PolicyDocument=PolicyDocument(
                            Version="2012-10-17",
                            Statement=[
                                Statement(
                                    Effect=Allow,
                                    Action=[codepipeline.StartPipelineExecution],
                                    Resource=[pipeline_arn],
                                )
                            ],
                        ),
                    )
                ],
            )
        )
        template.add_resource(
            Rule(
                "PushRule",
                Description="Starts the pipeline at every push to the branch",
                EventPattern={
                    "source": ["aws.codecommit"],
                    "detail-type": ["CodeCommit Repository State Change"],
                    "resources": [self._arn()],
                    "detail": {
                        "event": ["referenceCreated", "referenceUpdated"],
                        "referenceType": ["branch"],
                        "referenceName": [Ref(self.branch)],
                    },
                },
                Targets=[Target(Id="pipeline", Arn=pipeline_arn, RoleArn=GetAtt(role, "Arn"))],
            )
        )

    def _arn(self) -> Sub:
        return Sub(
            f"arn:${{AWS::Partition}}:codecommit:${{AWS::Region}}:${{AWS::AccountId}}:${{{self.repository.title}}}"
        )


def codecommit(template: StageTemplate) -> CodeCommit:
    """Asks for repository and branch."""
    return CodeCommit(codecommit_repository(template), codecommit_branch(template))
