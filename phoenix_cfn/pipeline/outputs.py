"""What a person takes from the pipeline stack."""

from __future__ import annotations

from troposphere import GetAtt, Output, Ref, Sub
from troposphere.codepipeline import Pipeline
from troposphere.ecr import Repository

from phoenix_cfn.scope import Scope, part


@part
def outputs(scope: Scope, pipeline: Pipeline, repository: Repository) -> None:
    """Where to watch, and what to delete first when the stage has to go."""
    for title, description, value in (
        (
            "PipelineUrl",
            "The pipeline in the console",
            Sub(
                "https://${AWS::Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
                f"${{{pipeline.title}}}/view?region=${{AWS::Region}}"
            ),
        ),
        ("PipelineName", "The pipeline", Ref(pipeline)),
        ("RepositoryUri", "Where the images are", GetAtt(repository, "RepositoryUri")),
        (
            "InfrastructureStackName",
            "The stack that the pipeline deploys, with the link to the application; delete it before this one",
            Sub(scope.names.infrastructure_stack),
        ),
    ):
        scope.template.add_output(Output(title, Description=description, Value=value))
