"""The pipeline's stages, from the source to the deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping

from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Project
from troposphere.codepipeline import Actions, ActionTypeId, InputArtifacts, OutputArtifacts, Stages
from troposphere.iam import Role
from troposphere.sns import Topic

from phoenix_cfn.infrastructure.deployments import REVISION, SMOKE_TEST
from phoenix_cfn.scope import Scope

SOURCE_ACTION = "Source"
SOURCE_ARTIFACT = "Source"
INFRASTRUCTURE_TEMPLATE = "templates/Infrastructure.yml"
IMAGE_ARTIFACT = "Image"
# The file of the buildspec for the deploy action, with one key: the image URI with its digest.
IMAGE_FILE, IMAGE_KEY = "image.json", "ImageURI"
# The artifact of the revision build for CodeDeploy's action.
REVISION_ARTIFACT = "Revision"
TASK_DEFINITION_FILE, APPSPEC_FILE = "taskdef.json", "appspec.yaml"
# The namespaces of variables for later actions.
SOURCE_NAMESPACE, STACK_NAMESPACE = "Source", "Stack"


def source_stage(owner: str, provider: str, configuration: dict[str, object]) -> Stages:
    """The source stage, which reads the content of a branch.

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
    """The build stage, which pushes an image to the repository and writes a file with its URI."""
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


def approval_stage(source: Stages, commits: str, topic: Topic) -> Stages:
    """The approval stage: a person approves or rejects the build. Newer runs wait; the newest of them runs next.

    The source action has a namespace, for a link to the commit. The email also has CodePipeline's link to the approval.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-action-add.html
    """
    (action,) = source.Actions
    action.Namespace = SOURCE_NAMESPACE
    return Stages(
        Name="Approve",
        Actions=[
            Actions(
                Name="Approve",
                ActionTypeId=ActionTypeId(Category="Approval", Owner="AWS", Provider="Manual", Version="1"),
                Configuration={
                    "NotificationArn": Ref(topic),
                    "CustomData": Sub("Deploy this commit to ${StagePrefix}?"),
                    "ExternalEntityLink": Sub(f"{commits}#{{{SOURCE_NAMESPACE}.CommitId}}"),
                },
            )
        ],
    )


def codedeploy_stage(scope: Scope, project: Project) -> Stages:
    """The stage in which CodeDeploy shifts the requests to the revision that CloudFormation registered.

    Its action needs files: a build before it writes them from ECS's description of the revision.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
    """
    outputs = [REVISION, *([SMOKE_TEST] if scope.settings.deployment.smoke_test_path else [])]
    variables = [{"name": each, "value": f"#{{{STACK_NAMESPACE}.{each}}}", "type": "PLAINTEXT"} for each in outputs]
    name = Sub(scope.names.codedeploy)
    return Stages(
        Name="Shift",
        Actions=[
            Actions(
                Name="Describe",
                ActionTypeId=ActionTypeId(Category="Build", Owner="AWS", Provider="CodeBuild", Version="1"),
                Configuration={
                    "ProjectName": Ref(project),
                    "EnvironmentVariables": json.dumps(variables, separators=(",", ":")),
                },
                # A build action requires an input; this one does not read it.
                InputArtifacts=[InputArtifacts(Name=IMAGE_ARTIFACT)],
                OutputArtifacts=[OutputArtifacts(Name=REVISION_ARTIFACT)],
                RunOrder=1,
            ),
            Actions(
                Name="Shift",
                ActionTypeId=ActionTypeId(Category="Deploy", Owner="AWS", Provider="CodeDeployToECS", Version="1"),
                Configuration={
                    "ApplicationName": name,
                    "DeploymentGroupName": name,
                    "TaskDefinitionTemplateArtifact": REVISION_ARTIFACT,
                    "TaskDefinitionTemplatePath": TASK_DEFINITION_FILE,
                    "AppSpecTemplateArtifact": REVISION_ARTIFACT,
                    "AppSpecTemplatePath": APPSPEC_FILE,
                },
                InputArtifacts=[InputArtifacts(Name=REVISION_ARTIFACT)],
                RunOrder=2,
            ),
        ],
    )


def deploy_stage(scope: Scope, parameters: Mapping[str, object], role: Role) -> Stages:
    """The deploy stage: CloudFormation deploys the built image. The image exists before, so the first run succeeds.

    `parameters`: the part of the action's configuration with the stack's parameters.
    """
    # The stack's outputs are variables for later actions.
    namespace = {"Namespace": STACK_NAMESPACE} if scope.settings.deployment.strategy == "codedeploy" else {}
    return Stages(
        Name="Deploy",
        Actions=[
            Actions(
                Name="Deploy",
                ActionTypeId=ActionTypeId(Category="Deploy", Owner="AWS", Provider="CloudFormation", Version="1"),
                **namespace,
                Configuration={
                    "ActionMode": "CREATE_UPDATE",
                    "StackName": Sub(scope.names.infrastructure_stack),
                    "TemplatePath": f"{SOURCE_ARTIFACT}::{INFRASTRUCTURE_TEMPLATE}",
                    "Capabilities": "CAPABILITY_IAM",
                    "RoleArn": GetAtt(role, "Arn"),
                    **parameters,
                },
                InputArtifacts=[InputArtifacts(Name=SOURCE_ARTIFACT), InputArtifacts(Name=IMAGE_ARTIFACT)],
            )
        ],
    )
