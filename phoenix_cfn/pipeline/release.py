"""The pipeline itself, and the notifications of failed runs and tasks (R5)."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere.codepipeline import ArtifactStore, Pipeline, Stages
from troposphere.events import InputTransformer, Rule, Target
from troposphere.iam import Role
from troposphere.s3 import Bucket
from troposphere.sns import Topic

from phoenix_cfn.scope import Scope, part


@part
def release_pipeline(scope: Scope, bucket: Bucket, role: Role, stages: list[Stages]) -> Pipeline:
    """The pipeline. One run at a time; of the waiting pushes, the newest runs next."""
    return scope.add(
        Pipeline(
            "Pipeline",
            Name=Sub(scope.names.pipeline),
            PipelineType="V2",
            ExecutionMode="SUPERSEDED",
            # A changed parameter of this stack updates the infrastructure stack at once, not with the next push.
            RestartExecutionOnUpdate=True,
            RoleArn=GetAtt(role, "Arn"),
            ArtifactStore=ArtifactStore(Type="S3", Location=Ref(bucket)),
            Stages=stages,
        )
    )


@part
def failure_notifications(scope: Scope, pipeline: Pipeline, topic: Topic) -> None:
    """An email for every run that fails, and for every task that exits or fails to start.

    The second reports why the first deployment of a stage failed: its stack is rolled back, including the log.
    """
    _notify(
        scope,
        "FailedRunRule",
        "Reports failed pipeline runs",
        {
            "source": ["aws.codepipeline"],
            "detail-type": ["CodePipeline Pipeline Execution State Change"],
            "detail": {"pipeline": [Ref(pipeline)], "state": ["FAILED"]},
        },
        {"pipeline": "$.detail.pipeline", "run": "$.detail.execution-id"},
        Sub(
            '"Pipeline <pipeline> failed (execution <run>). See '
            "https://${AWS::Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/<pipeline>"
            '/view?region=${AWS::Region}"'
        ),
        topic,
    )
    cluster = f"arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:cluster/{scope.names.cluster}"
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    _notify(
        scope,
        "FailedTaskRule",
        "Reports tasks that exit or fail to start, except those that scaling or a deployment stops",
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Task State Change"],
            "detail": {
                "clusterArn": [Sub(cluster)],
                "lastStatus": ["STOPPED"],
                "$or": [
                    {"stopCode": ["EssentialContainerExited", "TaskFailedToStart"]},
                    {"stoppedReason": [{"prefix": "Task failed"}]},
                ],
            },
        },
        {"task": "$.detail.taskArn", "reason": "$.detail.stoppedReason", "code": "$.detail.containers[0].exitCode"},
        '"Task <task> stopped. Reason: <reason>; exit code of the container, if it started: <code>."',
        topic,
    )


def _notify(
    scope: Scope,
    title: str,
    description: str,
    pattern: dict[str, Any],
    paths: dict[str, str],
    words: Sub | str,
    topic: Topic,
) -> None:
    """Publishes `words` to the topic for every event of the pattern, with the value at its path for each `<name>`."""
    scope.add(
        Rule(
            title,
            Description=description,
            EventPattern=pattern,
            Targets=[
                Target(
                    Id="notify",
                    Arn=Ref(topic),
                    InputTransformer=InputTransformer(InputPathsMap=paths, InputTemplate=words),
                )
            ],
        )
    )
