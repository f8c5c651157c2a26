"""The pipeline itself, and a word to somebody when a run fails (R5)."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub
from troposphere.codepipeline import ArtifactStore, Pipeline, Stages
from troposphere.events import InputTransformer, Rule, Target
from troposphere.iam import Role
from troposphere.s3 import Bucket
from troposphere.sns import Topic

from phoenix_cfn.naming import Names
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def release_pipeline(
    template: StageTemplate, settings: Settings, bucket: Bucket, role: Role, stages: list[Stages]
) -> Pipeline:
    """One run at a time; of the pushes that wait meanwhile, the newest runs next."""
    return template.add_resource(
        Pipeline(
            "Pipeline",
            Name=Sub(Names.of(settings.name).pipeline),
            PipelineType="V2",
            ExecutionMode="SUPERSEDED",
            RoleArn=GetAtt(role, "Arn"),
            ArtifactStore=ArtifactStore(Type="S3", Location=Ref(bucket)),
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
