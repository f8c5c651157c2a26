"""The build that writes the files of CodeDeploy's action from the task definition revision of the stack."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Artifacts, CloudWatchLogs, Environment, LogsConfig, Project, Source

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.infrastructure.deployments import REVISION, SMOKE_TEST
from phoenix_cfn.pipeline.roles import revision_role
from phoenix_cfn.pipeline.stages import APPSPEC_FILE, TASK_DEFINITION_FILE
from phoenix_cfn.pipeline.storage import Storage
from phoenix_cfn.scope import Scope, part

# Members of a task definition's description that ECS refuses in a registration.
_READ_ONLY = (
    *(".taskDefinitionArn", ".revision", ".status", ".requiresAttributes", ".compatibilities"),
    *(".registeredAt", ".registeredBy", ".deregisteredAt"),
)
_HOOK = f"""\
        Hooks:
          - AfterAllowTestTraffic: "${SMOKE_TEST}"
"""


def _buildspec(hook: str) -> str:
    return f"""\
version: 0.2
env:
  shell: bash
phases:
  build:
    on-failure: ABORT
    commands:
      - |
        set -euo pipefail
        aws ecs describe-task-definition --task-definition "${REVISION}" --query taskDefinition --output json |
          jq 'del({", ".join(_READ_ONLY)})' > {TASK_DEFINITION_FILE}
        cat > {APPSPEC_FILE} <<END
        version: 0.0
        Resources:
          - TargetService:
              Type: AWS::ECS::Service
              Properties:
                TaskDefinition: <TASK_DEFINITION>
                LoadBalancerInfo:
                  ContainerName: $(jq '.containerDefinitions[0].name' {TASK_DEFINITION_FILE})
                  ContainerPort: $(jq '.containerDefinitions[0].portMappings[0].containerPort' {TASK_DEFINITION_FILE})
                PlatformVersion: LATEST
{hook}        END
artifacts:
  files:
    - {TASK_DEFINITION_FILE}
    - {APPSPEC_FILE}
"""


@part
def revision_build(scope: Scope, storage: Storage) -> Project:
    """The project, which only the pipeline starts."""
    group = log_group(scope, "RevisionLogGroup", scope.names.revision_logs)
    buildspec = _buildspec(_HOOK if scope.settings.deployment.smoke_test_path else "")
    return scope.add(
        Project(
            "RevisionProject",
            Name=Sub(scope.names.revision_project),
            Description="Writes the files of the next CodeDeploy deployment",
            ServiceRole=GetAtt(revision_role(scope, storage, group), "Arn"),
            TimeoutInMinutes=5,
            Source=Source(Type="CODEPIPELINE", BuildSpec=buildspec),
            Artifacts=Artifacts(Type="CODEPIPELINE"),
            Environment=Environment(
                Type="LINUX_CONTAINER", Image="aws/codebuild/standard:8.0", ComputeType="BUILD_GENERAL1_SMALL"
            ),
            LogsConfig=LogsConfig(CloudWatchLogs=CloudWatchLogs(Status="ENABLED", GroupName=Ref(group))),
        )
    )
