"""The CodeBuild project, which runs app/buildspec.yml: it tests the application and pushes its image."""

from __future__ import annotations

from pathlib import PurePosixPath

from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import (
    Artifacts,
    CloudWatchLogs,
    Environment,
    EnvironmentVariable,
    LogsConfig,
    Project,
    ProjectCache,
    Source,
)
from troposphere.ecr import Repository

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.pipeline.roles import build_role
from phoenix_cfn.pipeline.storage import Storage
from phoenix_cfn.scope import Scope, part

# The current images with Docker 28, by the CPU architecture of the tasks.
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html
_ENVIRONMENTS = {
    "X86_64": ("LINUX_CONTAINER", "aws/codebuild/standard:8.0"),
    "ARM64": ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:4.0"),
}
# Minutes.
BUILD_TIMEOUT = 30

BUILDSPEC = "buildspec.yml"


@part
def image_build(scope: Scope, repository: Repository, storage: Storage) -> Project:
    """The project, which only the pipeline starts."""
    group = log_group(scope, "BuildLogGroup", scope.names.build_logs)
    role = build_role(scope, storage, repository, group)
    kind, image = _ENVIRONMENTS[scope.settings.service.cpu_architecture]
    return scope.add(
        Project(
            "BuildProject",
            Name=Sub(scope.names.build_project),
            Description="Tests the application, builds its image and pushes it",
            ServiceRole=GetAtt(role, "Arn"),
            TimeoutInMinutes=BUILD_TIMEOUT,
            Source=Source(Type="CODEPIPELINE", BuildSpec=str(PurePosixPath(scope.settings.source_dir, BUILDSPEC))),
            Artifacts=Artifacts(Type="CODEPIPELINE"),
            Environment=Environment(
                Type=kind,
                Image=image,
                ComputeType="BUILD_GENERAL1_SMALL",
                # Required by `docker build`.
                PrivilegedMode=True,
                EnvironmentVariables=[
                    EnvironmentVariable(Name="REPOSITORY_URI", Value=GetAtt(repository, "RepositoryUri"))
                ],
            ),
            Cache=ProjectCache(Type="LOCAL", Modes=["LOCAL_DOCKER_LAYER_CACHE"]),
            LogsConfig=LogsConfig(CloudWatchLogs=CloudWatchLogs(Status="ENABLED", GroupName=Ref(group))),
        )
    )
