"""The pipeline itself: source -> build -> deploy, and a word to somebody when a run fails (R5)."""

from __future__ import annotations

import json

from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Project
from troposphere.codepipeline import (
    Actions,
    ActionTypeId,
    ArtifactStore,
    InputArtifacts,
    OutputArtifacts,
    Pipeline,
    Stages,
)
from troposphere.events import InputTransformer, Rule, Target
from troposphere.iam import Role
from troposphere.secretsmanager import Secret
from troposphere.sns import Topic

from phoenix_cfn.naming import Names
from phoenix_cfn.parameters import DATABASE_SECRET_ARN, DOCKER_IMAGE_URI, StageParameters
from phoenix_cfn.pipeline.image_build import IMAGE_FILE, IMAGE_KEY
from phoenix_cfn.pipeline.source import SOURCE_ARTIFACT
from phoenix_cfn.pipeline.storage import Storage
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

INFRASTRUCTURE_TEMPLATE = "templates/Infrastructure.yml"
IMAGE_ARTIFACT = "Image"


def build_stage(project: Project) -> Stages:
    """From the source to an image in the repository, and a file with its URI."""
    return Stages(
        Name="Build",
        Actions=[
            Actions(
                Name="Build",
                ActionTypeId=ActionTypeId(Category="Build", Owner="AWS", Provider="CodeBuild", Version="1"),
                Configuration={"ProjectName": Ref(project)},
                InputArtifacts=[InputArtifacts(Name=SOURCE_ARTIFACT)],
                OutputArtifacts=[OutputArtifacts(Name=IMAGE_ARTIFACT)],
            )
        ],
    )


def deploy_stage(settings: Settings, parameters: StageParameters, credentials: Secret, role: Role) -> Stages:
    """CloudFormation deploys the image just built: the image comes first, so that the first run succeeds.

    What stands in ParameterOverrides can be read by everybody who may read the pipeline: of the database's credentials
    it holds the reference only.
    """
    return Stages(
        Name="Deploy",
        Actions=[
            Actions(
                Name="Deploy",
                ActionTypeId=ActionTypeId(Category="Deploy", Owner="AWS", Provider="CloudFormation", Version="1"),
                Configuration={
                    "ActionMode": "CREATE_UPDATE",
                    "StackName": Sub(Names.of(settings.name).infrastructure_stack),
                    "TemplatePath": f"{SOURCE_ARTIFACT}::{INFRASTRUCTURE_TEMPLATE}",
                    "Capabilities": "CAPABILITY_IAM",
                    "RoleArn": GetAtt(role, "Arn"),
                    "ParameterOverrides": _overrides(parameters, credentials),
                },
                InputArtifacts=[InputArtifacts(Name=SOURCE_ARTIFACT), InputArtifacts(Name=IMAGE_ARTIFACT)],
            )
        ],
    )


def release_pipeline(
    template: StageTemplate, settings: Settings, storage: Storage, role: Role, stages: list[Stages]
) -> Pipeline:
    """One run at a time; of the pushes that wait meanwhile, the newest runs next."""
    return template.add_resource(
        Pipeline(
            "Pipeline",
            # Deleted before the bucket is emptied, so that nothing is written to it any more.
            DependsOn=storage.emptier,
            Name=Sub(Names.of(settings.name).pipeline),
            PipelineType="V2",
            ExecutionMode="SUPERSEDED",
            RoleArn=GetAtt(role, "Arn"),
            ArtifactStore=ArtifactStore(Type="S3", Location=Ref(storage.bucket)),
            Stages=stages,
        )
    )


def failure_notification(template: StageTemplate, pipeline: Pipeline, topic: Topic) -> Rule:
    """A mail in words, for every run that fails."""
    return template.add_resource(
        Rule(
            "FailedRunRule",
            Description="Tells of pipeline runs that fail",
            EventPattern={
                "source": ["aws.codepipeline"],
                "detail-type": ["CodePipeline Pipeline Execution State Change"],
                "detail": {"pipeline": [Ref(pipeline)], "state": ["FAILED"]},
            },
            Targets=[
                Target(
                    Id="notify",
                    Arn=Ref(topic),
                    InputTransformer=InputTransformer(
                        InputPathsMap={"pipeline": "$.detail.pipeline", "run": "$.detail.execution-id"},
                        InputTemplate=Sub(
                            '"Run <run> of pipeline <pipeline> has failed. See '
                            "https://${AWS::Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/<pipeline>"
                            '/view?region=${AWS::Region}"'
                        ),
                    ),
                )
            ],
        )
    )


def _overrides(parameters: StageParameters, credentials: Secret) -> Sub:
    """Every parameter of Infrastructure.yml, as JSON in which CloudFormation fills in this stack's values."""
    values: dict[str, object] = {name: f"${{{name}}}" for name in parameters.names()}
    values[DATABASE_SECRET_ARN] = f"${{{credentials.title}}}"
    values[DOCKER_IMAGE_URI] = {"Fn::GetParam": [IMAGE_ARTIFACT, IMAGE_FILE, IMAGE_KEY]}
    return Sub(json.dumps(values, separators=(",", ":")))
