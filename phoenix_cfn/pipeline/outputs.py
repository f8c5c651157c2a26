"""The outputs of the pipeline stack."""

from __future__ import annotations

from troposphere import GetAtt, Output, Ref, Sub
from troposphere.codepipeline import Pipeline
from troposphere.ecr import Repository

from phoenix_cfn.scope import Scope, part


@part
def outputs(scope: Scope, pipeline: Pipeline, repository: Repository) -> None:
    """The pipeline, the repository, and the stack to delete before this one."""
    for title, description, value in (
        (
            "PipelineUrl",
            "Pipeline in the console",
            Sub(
                "https://${AWS::Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
                f"${{{pipeline.title}}}/view?region=${{AWS::Region}}"
            ),
        ),
        ("PipelineName", "Pipeline", Ref(pipeline)),
        ("RepositoryUri", "ECR repository of the images", GetAtt(repository, "RepositoryUri")),
        (
            "InfrastructureStackName",
            "Stack that the pipeline deploys; its outputs have the application's URL. Delete it before this stack",
            Sub(scope.names.infrastructure_stack),
        ),
    ):
        scope.template.add_output(Output(title, Description=description, Value=value))
