"""Physical names, and the length limit of StagePrefix that follows from them.

Every physical name in the templates is listed here. It contains the stage, so that several stages can exist in one
account, and it is within AWS's limit for the longest stage. CloudFormation generates all other names.
"""

from __future__ import annotations

from msgspec import Struct

from phoenix_cfn.cloudformation.limits import IAM_PATH_LENGTH, STACK_NAME_LENGTH
from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.errors import Mistake, SettingsError

NAME_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
# Reserved prefixes: AWS reserves `aws` (as in the IAM path `/aws-service-role/`), and refuses load balancers with
# `internal-`, security groups with `sg-`, buckets with `sthree-` or `amzn-s3-demo-`. CloudFormation generates the names
# of these three from the stack's name, which begins with the stage.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
RESERVED_STAGES = ("amzn-s3-demo", "aws", "internal", "sg", "sthree")
STAGE_PREFIX_PATTERN = f"^(?!({'|'.join(RESERVED_STAGES)})(-|$))(?=[a-z]){NAME_PATTERN}$"
STAGE_PREFIX_MAX_LENGTH = 20

_STAGE = "${StagePrefix}"


def _length(resource_type: str) -> int:
    length = NAMES[resource_type].length
    assert length is not None
    return length


# The maximum length of each name in characters; the lowest one if several kinds of resources have the name.
_LIMITS = {
    "cluster": _length("AWS::ECS::Cluster"),
    "task_family": _length("AWS::ECS::TaskDefinition"),
    "database": _length("AWS::DocDB::DBCluster"),
    # Without the two digits of its number.
    "database_instance": _length("AWS::DocDB::DBInstance") - 2,
    "infrastructure_stack": STACK_NAME_LENGTH,
    "repository": _length("AWS::ECR::Repository"),
    "pipeline": _length("AWS::CodePipeline::Pipeline"),
    "build_project": _length("AWS::CodeBuild::Project"),
    "dashboard": _length("AWS::CloudWatch::Dashboard"),
    "task_logs": _length("AWS::Logs::LogGroup"),
    "build_logs": _length("AWS::Logs::LogGroup"),
    "revision_project": _length("AWS::CodeBuild::Project"),
    "revision_logs": _length("AWS::Logs::LogGroup"),
    # Without the numbers of the deployment configuration.
    "codedeploy": _length("AWS::CodeDeploy::DeploymentConfig") - len("-50-percent-1440-minutes"),
    "smoke_test": _length("AWS::Lambda::Function"),
    "smoke_test_logs": _length("AWS::Logs::LogGroup"),
    "bucket_emptier_logs": _length("AWS::Logs::LogGroup"),
    "database_secret": _length("AWS::SecretsManager::Secret"),
    "connection_secret": _length("AWS::SecretsManager::Secret"),
    "webhook_secret": _length("AWS::SecretsManager::Secret"),
    "web_acl": _length("AWS::WAFv2::WebACL"),
    "role_path": IAM_PATH_LENGTH,
}


class Names(Struct, frozen=True):
    """The names as texts for Fn::Sub with `${StagePrefix}`.

    Two stages never have the same name: each kind has one fixed text around the stage.
    """

    cluster: str
    task_family: str
    database: str
    database_instance: str
    infrastructure_stack: str
    repository: str
    pipeline: str
    build_project: str
    dashboard: str
    task_logs: str
    build_logs: str
    revision_project: str
    revision_logs: str
    codedeploy: str
    smoke_test: str
    smoke_test_logs: str
    bucket_emptier_logs: str
    database_secret: str
    connection_secret: str
    webhook_secret: str
    web_acl: str
    role_path: str

    @classmethod
    def of(cls, service: str) -> Names:
        """The names for a service. Raises SettingsError if one is too long with the longest stage."""
        base = f"{_STAGE}-{service}"
        names = cls(
            cluster=base,
            task_family=base,
            database=base,
            database_instance=f"{base}-",
            infrastructure_stack=f"{base}-infrastructure",
            repository=base,
            pipeline=base,
            build_project=base,
            dashboard=base,
            task_logs=f"/{base}/tasks",
            build_logs=f"/aws/codebuild/{base}",
            revision_project=f"{base}-revision",
            revision_logs=f"/aws/codebuild/{base}-revision",
            codedeploy=base,
            # Not longer than the others: a longer one would reduce the maximum length of the service's name.
            smoke_test=base,
            smoke_test_logs=f"/{base}/smoke-test",
            bucket_emptier_logs=f"/{base}/bucket-emptier",
            database_secret=f"{base}-database",
            connection_secret=f"{base}-connection",
            webhook_secret=f"{base}-webhook",
            web_acl=base,
            role_path=f"/{base}/",
        )
        for field in cls.__struct_fields__:
            excess = len(in_stage(getattr(names, field), "x" * STAGE_PREFIX_MAX_LENGTH)) - _LIMITS[field]
            if excess > 0:
                raise SettingsError(
                    Mistake(
                        "name",
                        service,
                        f"a name that is short enough for a stage of {STAGE_PREFIX_MAX_LENGTH} characters",
                        f"Shorten it by {excess}: the {field.replace('_', ' ')} may have {_LIMITS[field]}.",
                    )
                )
        return names

    def limits(self) -> dict[str, int]:
        """The maximum length in characters, by the field's name."""
        return dict(_LIMITS)


def in_stage(name: str, stage: str) -> str:
    """The name in a stage."""
    return name.replace(_STAGE, stage)
