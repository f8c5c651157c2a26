"""A branch in CodeCommit; EventBridge starts the runs."""

from __future__ import annotations

from functools import partial

from awacs import codecommit as codecommit_actions
from awacs import codepipeline
from awacs.aws import Allow, PolicyDocument, Statement
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.codepipeline import Pipeline
from troposphere.events import Rule, Target
from troposphere.iam import Policy, Role

from phoenix_cfn.common.trust import trusts
from phoenix_cfn.parameters.form import SOURCE, Form
from phoenix_cfn.pipeline.sources import Source
from phoenix_cfn.pipeline.sources.git import REPOSITORY, branch_parameter
from phoenix_cfn.pipeline.stages import source_stage
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import StageTemplate


def codecommit(template: StageTemplate) -> Source:
    """An existing repository in this account and region.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
    """
    form = Form(template, __name__)
    repository, branch = _repository(form), branch_parameter(form, "CodeCommitBranch")
    arn = Sub(f"arn:${{AWS::Partition}}:codecommit:${{AWS::Region}}:${{AWS::AccountId}}:${{{repository.title}}}")
    stage = source_stage(
        "AWS",
        "CodeCommit",
        {
            "RepositoryName": Ref(repository),
            "BranchName": Ref(branch),
            # The rule starts the runs; with polling, each push would start two.
            "PollForSourceChanges": False,
        },
    )
    read = Statement(
        Effect=Allow,
        Action=[
            codecommit_actions.CancelUploadArchive,
            codecommit_actions.GetBranch,
            codecommit_actions.GetCommit,
            codecommit_actions.GetUploadArchiveStatus,
            codecommit_actions.UploadArchive,
        ],
        Resource=[arn],
    )
    commits = (
        "https://${AWS::Region}.console.aws.amazon.com/codesuite/codecommit/repositories/"
        f"${{{repository.title}}}/commit/"
    )
    start = partial(push_rule, repository_arn=arn, branch=branch)
    return Source(stage, statements=[read], commits=commits, start_on_push=start)


def _repository(form: Form) -> Parameter:
    return form.ask(
        SOURCE,
        "Repository",
        Parameter(
            "CodeCommitRepository",
            Type="String",
            Description="Name of the CodeCommit repository, in this account and region.",
            AllowedPattern=REPOSITORY,
            MaxLength=100,
            ConstraintDescription="Enter the name of the repository, at most 100 characters, without .git.",
        ),
    )


@part
def push_rule(scope: Scope, pipeline: Pipeline, repository_arn: Sub, branch: Parameter) -> None:
    """The rule that starts a run for each new commit of the branch, and its role."""
    pipeline_arn = Sub(
        f"arn:${{AWS::Partition}}:codepipeline:${{AWS::Region}}:${{AWS::AccountId}}:${{{pipeline.title}}}"
    )
    role = scope.add(
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
    scope.add(
        Rule(
            "PushRule",
            Description="Starts the pipeline on every push to the branch",
            EventPattern={
                "source": ["aws.codecommit"],
                "detail-type": ["CodeCommit Repository State Change"],
                "resources": [repository_arn],
                "detail": {
                    "event": ["referenceCreated", "referenceUpdated"],
                    "referenceType": ["branch"],
                    "referenceName": [Ref(branch)],
                },
            },
            Targets=[Target(Id="pipeline", Arn=pipeline_arn, RoleArn=GetAtt(role, "Arn"))],
        )
    )
