"""The pipeline's stages: read the source, build an image, deploy it, and what they hand to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping

from troposphere import AWSObject, GetAtt, Ref, Sub
from troposphere.codebuild import Project
from troposphere.codepipeline import Actions, ActionTypeId, InputArtifacts, OutputArtifacts, Stages
from troposphere.iam import Role

from phoenix_cfn.parameters.release import DOCKER_IMAGE_URI
from phoenix_cfn.scope import Scope

SOURCE_ACTION = "Source"
SOURCE_ARTIFACT = "Source"
INFRASTRUCTURE_TEMPLATE = "templates/Infrastructure.yml"
IMAGE_ARTIFACT = "Image"
# What the buildspec leaves for the deploy action: a file with one key, the image's URI by digest.
IMAGE_FILE, IMAGE_KEY = "image.json", "ImageURI"


def source_stage(owner: str, provider: str, configuration: dict[str, object]) -> Stages:
    """From a branch to its content, by a source action of CodePipeline.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/integrations-action-type.html
    """
    return Stages(
        Name="Source",
        Actions=[
            Actions(
                Name=SOURCE_ACTION,
                ActionTypeId=ActionTypeId(Category="Source", Owner=owner, Provider=provider, Version="1"),
                Configuration=configuration,
                OutputArtifacts=[OutputArtifacts(Name=SOURCE_ARTIFACT)],
            )
        ],
    )


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


def deploy_stage(scope: Scope, handed: Mapping[str, AWSObject], role: Role) -> Stages:
    """CloudFormation deploys the image just built: the image comes first, so that the first run succeeds.

    What stands in ParameterOverrides can be read by everybody who may read the pipeline: of the database's credentials
    it holds the reference only. `handed`: the resources whose Ref the infrastructure stack gets, by its parameters.
    """
    return Stages(
        Name="Deploy",
        Actions=[
            Actions(
                Name="Deploy",
                ActionTypeId=ActionTypeId(Category="Deploy", Owner="AWS", Provider="CloudFormation", Version="1"),
                Configuration={
                    "ActionMode": "CREATE_UPDATE",
                    "StackName": Sub(scope.names.infrastructure_stack),
                    "TemplatePath": f"{SOURCE_ARTIFACT}::{INFRASTRUCTURE_TEMPLATE}",
                    "Capabilities": "CAPABILITY_IAM",
                    "RoleArn": GetAtt(role, "Arn"),
                    "ParameterOverrides": _overrides(scope, handed),
                },
                InputArtifacts=[InputArtifacts(Name=SOURCE_ARTIFACT), InputArtifacts(Name=IMAGE_ARTIFACT)],
            )
        ],
    )


def _overrides(scope: Scope, handed: Mapping[str, AWSObject]) -> Sub:
    """Every parameter of Infrastructure.yml, as JSON in which CloudFormation fills in this stack's values."""
    values: dict[str, object] = {name: f"${{{name}}}" for name in scope.parameters.names()}
    values |= {name: f"${{{resource.title}}}" for name, resource in handed.items()}
    values[DOCKER_IMAGE_URI] = {"Fn::GetParam": [IMAGE_ARTIFACT, IMAGE_FILE, IMAGE_KEY]}
    return Sub(json.dumps(values, separators=(",", ":")))
