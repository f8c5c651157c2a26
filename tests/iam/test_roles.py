"""Every role of both templates: what it needs it may do, and of what would be harmful nothing."""

from __future__ import annotations

import re

import pytest

from tests.iam.account import _HERE, ACCOUNT, REGION, Stage
from tests.iam.conftest import StageOf

ROLES = ("BuildRole", "PipelineRole", "DeployRole", "BucketEmptierRole", "TaskExecutionRole", "TaskRole")

BUCKET = "{pipeline.ArtifactBucket}"
NEEDS = [
    ("BuildRole", "s3:GetObject", f"{BUCKET}/phoenix/Source/a1"),
    ("BuildRole", "s3:GetObjectVersion", f"{BUCKET}/phoenix/Source/a1"),
    ("BuildRole", "s3:PutObject", f"{BUCKET}/phoenix/Image/b2"),
    ("BuildRole", "logs:CreateLogStream", f"arn:aws:logs:{_HERE}:log-group:/aws/codebuild/dev-phoenix:log-stream:1"),
    ("BuildRole", "logs:PutLogEvents", f"arn:aws:logs:{_HERE}:log-group:/aws/codebuild/dev-phoenix:log-stream:1"),
    ("BuildRole", "ecr:GetAuthorizationToken", "*"),
    # `docker push`, and the buildspec's question for the digest.
    ("BuildRole", "ecr:BatchCheckLayerAvailability", "{pipeline.Repository}"),
    ("BuildRole", "ecr:InitiateLayerUpload", "{pipeline.Repository}"),
    ("BuildRole", "ecr:UploadLayerPart", "{pipeline.Repository}"),
    ("BuildRole", "ecr:CompleteLayerUpload", "{pipeline.Repository}"),
    ("BuildRole", "ecr:PutImage", "{pipeline.Repository}"),
    ("BuildRole", "ecr:BatchGetImage", "{pipeline.Repository}"),
    ("PipelineRole", "s3:GetBucketVersioning", BUCKET),
    ("PipelineRole", "s3:PutObject", f"{BUCKET}/phoenix/Source/a1"),
    ("PipelineRole", "s3:GetObject", f"{BUCKET}/phoenix/Image/b2"),
    ("PipelineRole", "codebuild:StartBuild", "{pipeline.BuildProject}"),
    ("PipelineRole", "codebuild:BatchGetBuilds", "{pipeline.BuildProject}"),
    ("PipelineRole", "cloudformation:CreateStack", "{stack}"),
    ("PipelineRole", "cloudformation:UpdateStack", "{stack}"),
    ("PipelineRole", "cloudformation:DescribeStacks", "{stack}"),
    ("PipelineRole", "cloudformation:DescribeStackEvents", "{stack}"),
    ("PipelineRole", "iam:PassRole", "{pipeline.DeployRole}"),
    # The password, by the dynamic reference in the template.
    ("DeployRole", "secretsmanager:GetSecretValue", "{pipeline.DatabaseCredentials}"),
    ("BucketEmptierRole", "s3:ListBucketVersions", BUCKET),
    ("BucketEmptierRole", "s3:DeleteObject", f"{BUCKET}/phoenix/Source/a1"),
    ("BucketEmptierRole", "s3:DeleteObjectVersion", f"{BUCKET}/phoenix/Source/a1"),
    (
        "BucketEmptierRole",
        "logs:PutLogEvents",
        f"arn:aws:logs:{_HERE}:log-group:/dev-phoenix/bucket-emptier:log-stream:1",
    ),
    ("TaskExecutionRole", "ecr:GetAuthorizationToken", "*"),
    ("TaskExecutionRole", "ecr:BatchCheckLayerAvailability", "{pipeline.Repository}"),
    ("TaskExecutionRole", "ecr:GetDownloadUrlForLayer", "{pipeline.Repository}"),
    ("TaskExecutionRole", "ecr:BatchGetImage", "{pipeline.Repository}"),
    (
        "TaskExecutionRole",
        "logs:CreateLogStream",
        f"arn:aws:logs:{_HERE}:log-group:/dev-phoenix/tasks:log-stream:task/1",
    ),
    ("TaskExecutionRole", "logs:PutLogEvents", f"arn:aws:logs:{_HERE}:log-group:/dev-phoenix/tasks:log-stream:task/1"),
    ("TaskExecutionRole", "secretsmanager:GetSecretValue", "{infrastructure.DatabaseConnection}"),
    ("TaskExecutionRole", "kms:Decrypt", "{infrastructure.EncryptionKey}"),
]

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
# No role of either template may ever do these. `{other...}` is of another stage, which has its own tags.
HARMFUL = [
    # Become more than one is.
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/administrator"),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/administrator"),
    ("iam:AttachUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/administrator"),
    ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/administrator"),
    ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/other-phoenix/administrator"),
    ("iam:AttachRolePolicy", "{pipeline.DeployRole}"),
    ("iam:PutRolePolicy", "{pipeline.DeployRole}"),
    ("iam:UpdateAssumeRolePolicy", "{pipeline.DeployRole}"),
    ("iam:DeleteRolePolicy", "{pipeline.DeployRole}"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/administrator"),
    ("iam:DeleteRolePermissionsBoundary", "{infrastructure.TaskRole}"),
    ("iam:CreatePolicyVersion", "{pipeline.RoleBoundary}"),
    ("iam:SetDefaultPolicyVersion", "{pipeline.RoleBoundary}"),
    ("iam:DeletePolicy", "{pipeline.RoleBoundary}"),
    ("iam:CreatePolicyVersion", "{pipeline.DeployPolicy1}"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/administrator"),
    ("sts:AssumeRole", "{pipeline.DeployRole}"),
    ("lambda:CreateFunction", f"arn:aws:lambda:{_HERE}:function:anything"),
    ("lambda:UpdateFunctionCode", "{pipeline.BucketEmptierFunction}"),
    ("ec2:RunInstances", f"arn:aws:ec2:{_HERE}:instance/*"),
    # Change or delete the pipeline itself.
    ("cloudformation:UpdateStack", f"arn:aws:cloudformation:{_HERE}:stack/pipeline-of-dev/1"),
    ("cloudformation:DeleteStack", "{stack}"),
    ("codebuild:UpdateProject", "{pipeline.BuildProject}"),
    ("codepipeline:UpdatePipeline", "{pipeline.Pipeline}"),
    ("ecr:DeleteRepository", "{pipeline.Repository}"),
    # Another stage, and other resources.
    ("secretsmanager:GetSecretValue", "{other.pipeline.DatabaseCredentials}"),
    ("secretsmanager:GetSecretValue", "{other.infrastructure.DatabaseConnection}"),
    ("secretsmanager:GetSecretValue", "{pipeline.WebhookSecret}"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{_HERE}:secret:payroll-a1B2c3"),
    ("rds:DeleteDBCluster", "{other.infrastructure.DatabaseCluster}"),
    ("rds:DeleteDBInstance", "{other.infrastructure.DatabaseInstance1}"),
    ("rds:DeleteDBClusterSnapshot", f"arn:aws:rds:{_HERE}:cluster-snapshot:*"),
    ("rds:ModifyDBClusterSnapshotAttribute", f"arn:aws:rds:{_HERE}:cluster-snapshot:*"),
    ("rds:RestoreDBClusterFromSnapshot", "{infrastructure.DatabaseCluster}"),
    ("ecs:UpdateService", f"arn:aws:ecs:{_HERE}:service/dev-2-phoenix/Service"),
    ("ecr:PutImage", "{other.pipeline.Repository}"),
    ("ecr:BatchGetImage", "{other.pipeline.Repository}"),
    ("kms:ScheduleKeyDeletion", "{other.infrastructure.EncryptionKey}"),
    ("kms:Decrypt", "{other.pipeline.EncryptionKey}"),
    ("kms:CreateGrant", "{infrastructure.EncryptionKey}"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{_HERE}:log-group:/aws/cloudtrail"),
    ("logs:GetLogEvents", f"arn:aws:logs:{_HERE}:log-group:/dev-phoenix/tasks:log-stream:task/1"),
    ("sns:Publish", f"arn:aws:sns:{_HERE}:somebody-elses"),
    ("s3:PutObject", "{other.pipeline.ArtifactBucket}/phoenix/Source/a1"),
    ("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv"),
    ("s3:DeleteObject", "arn:aws:s3:::payroll/salaries.csv"),
    ("s3:DeleteBucket", BUCKET),
    ("s3:PutBucketPolicy", BUCKET),
    ("ec2:DeleteVpc", f"arn:aws:ec2:{_HERE}:vpc/vpc-0ther"),
    ("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{_HERE}:security-group/sg-0ther"),
    ("elasticloadbalancing:DeleteLoadBalancer", f"arn:aws:elasticloadbalancing:{_HERE}:loadbalancer/app/other/1"),
    ("organizations:LeaveOrganization", "*"),
    # Resources without tags are excluded too, if a name or the stack's tag identifies the stage's.
    ("rds:DeleteDBCluster", f"arn:aws:rds:{_HERE}:cluster:untagged"),
    ("rds:DeleteDBInstance", f"arn:aws:rds:{_HERE}:db:untagged"),
    ("rds:ModifyDBInstance", f"arn:aws:rds:{_HERE}:db:dev-phoenix-infrastructure"),
    ("ecs:DeleteService", f"arn:aws:ecs:{_HERE}:service/untagged/Service"),
    ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{_HERE}:alarm:untagged"),
    ("cloudwatch:DeleteDashboards", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/untagged"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{_HERE}:log-group:/untagged"),
    ("sns:DeleteTopic", f"arn:aws:sns:{_HERE}:untagged"),
    ("sns:SetTopicAttributes", f"arn:aws:sns:{_HERE}:untagged"),
    ("secretsmanager:DeleteSecret", f"arn:aws:secretsmanager:{_HERE}:secret:untagged-a1B2c3"),
    (
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{_HERE}:secret:dev-phoenix-connection-of-somebody-a1B2c3",
    ),
    ("ec2:DeleteVpc", f"arn:aws:ec2:{_HERE}:vpc/untagged"),
    ("ec2:DeleteSubnet", f"arn:aws:ec2:{_HERE}:subnet/untagged"),
    ("ec2:DeleteNatGateway", f"arn:aws:ec2:{_HERE}:natgateway/untagged"),
    ("ec2:DeleteSecurityGroup", f"arn:aws:ec2:{_HERE}:security-group/untagged"),
    ("ec2:ReplaceRoute", f"arn:aws:ec2:{_HERE}:route-table/untagged"),
    ("elasticloadbalancing:DeleteLoadBalancer", f"arn:aws:elasticloadbalancing:{_HERE}:loadbalancer/app/untagged/1"),
    ("elasticloadbalancing:DeleteTargetGroup", f"arn:aws:elasticloadbalancing:{_HERE}:targetgroup/untagged/1"),
    ("ec2:DeleteVpc", "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0elsewhere"),
]


def filled(text: str, stage: Stage, other: Stage) -> str:
    """The text with the ARNs of a stage's resources."""

    def arn(match_owner: Stage, stack: str, logical_id: str) -> str:
        return getattr(match_owner, stack).arn(logical_id)  # type: ignore[no-any-return]

    text = text.replace("{stack}", f"arn:aws:cloudformation:{_HERE}:stack/{stage.infrastructure.name}/0a1b")
    if not text.startswith("{"):
        return text
    way, rest = text[1:].split("}", 1)
    *owner, stack, logical_id = way.split(".")
    return arn(other if owner else stage, stack, logical_id) + rest


def situations(text: str, stage: Stage, other: Stage) -> dict[str, str]:
    """The tags of what is acted on."""
    if "untagged" in text or "somebody" in text:
        return {}
    if text.startswith("{other.") or "0ther" in text or "/other/" in text:
        return other.tags | other.stack_tag
    return stage.tags


@pytest.mark.parametrize(("role", "action", "resource"), NEEDS)
def test_what_a_role_needs(role: str, action: str, resource: str, dev: Stage, stage_of: StageOf) -> None:
    context = {
        "iam:PassedToService": "cloudformation.amazonaws.com",
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        **dev.tags,
    }
    assert dev.role(role).may(action, filled(resource, dev, stage_of("dev-2")), context)


@pytest.mark.parametrize("other", ["dev-2", "dev-phoenix"])
@pytest.mark.parametrize(("action", "resource"), HARMFUL)
@pytest.mark.parametrize("role", ROLES)
def test_what_would_be_harmful(
    role: str, action: str, resource: str, other: str, dev: Stage, stage_of: StageOf
) -> None:
    # Even a boundary and a service that are the right ones elsewhere do not help.
    context = situations(resource, dev, stage_of(other)) | {
        "iam:PermissionsBoundary": dev.pipeline.arn("RoleBoundary"),
        "iam:PassedToService": "ecs-tasks.amazonaws.com",
    }
    assert not dev.role(role).may(action, filled(resource, dev, stage_of(other)), context)


# As docs/deploy-role.md has them: what they act on is known by id alone, and CloudFormation takes away what the stack
# itself has put there.
TAKES_FROM_UNTAGGED = {
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "ec2:DisassociateAddress",
    "ec2:DisassociateRouteTable",
    "ec2:RevokeSecurityGroupEgress",
    "ecs:DeregisterTaskDefinition",
    "kms:ScheduleKeyDeletion",
    "sns:Unsubscribe",
}


def test_what_the_deploy_role_could_take_from_untagged_resources(dev: Stage) -> None:
    """Of all that it may delete, what neither a name nor a tag limits to the stage."""
    role = dev.role("DeployRole")
    taking = re.compile(
        r"[a-z0-9-]+:(Delete(?!Tags)|Deregister|Detach|Disassociate(?!Kms)|Release|Revoke|Schedule|Unsubscribe)"
    )
    allowed = {
        action
        for policy in role.policies
        for statement in policy["Statement"]
        for action in filter(taking.match, statement["Action"])
        for resource in statement["Resource"]
        if re.search(r"(^|[:/])\*$", resource)
        and dev.infrastructure.name not in resource
        and "dev-phoenix" not in resource
        if role.may(action, resource.replace("*", "untagged"), {})
    }
    # Databases are identified by name, as HARMFUL shows; a default parameter group, without a name, belongs to them.
    assert {action for action in allowed if not action.startswith("rds:")} == TAKES_FROM_UNTAGGED


@pytest.mark.parametrize(
    ("role", "passed", "service"),
    [
        ("DeployRole", f"arn:aws:iam::{ACCOUNT}:role/administrator", "ecs-tasks.amazonaws.com"),
        ("DeployRole", "{pipeline.DeployRole}", "ecs-tasks.amazonaws.com"),
        ("DeployRole", "{other.infrastructure.TaskExecutionRole}", "ecs-tasks.amazonaws.com"),
        ("DeployRole", "{infrastructure.TaskExecutionRole}", "ec2.amazonaws.com"),
        ("DeployRole", "{infrastructure.TaskExecutionRole}", "lambda.amazonaws.com"),
        ("PipelineRole", f"arn:aws:iam::{ACCOUNT}:role/administrator", "cloudformation.amazonaws.com"),
        ("PipelineRole", "{other.pipeline.DeployRole}", "cloudformation.amazonaws.com"),
        ("PipelineRole", "{pipeline.DeployRole}", "codebuild.amazonaws.com"),
        ("BuildRole", "{pipeline.DeployRole}", "cloudformation.amazonaws.com"),
    ],
)
def test_roles_that_may_not_be_passed(role: str, passed: str, service: str, dev: Stage, stage_of: StageOf) -> None:
    context = {"iam:PassedToService": service}
    assert not dev.role(role).may("iam:PassRole", filled(passed, dev, stage_of("dev-phoenix")), context)


def test_a_key_without_the_tags_of_the_stage_is_not_within_the_boundary(dev: Stage) -> None:
    via = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    assert not dev.role("TaskExecutionRole").may("kms:Decrypt", dev.infrastructure.arn("EncryptionKey"), via)


def test_the_secret_is_decrypted_for_secrets_manager_only(dev: Stage) -> None:
    key = dev.infrastructure.arn("EncryptionKey")
    for role in ("TaskExecutionRole", "DeployRole"):
        assert not dev.role(role).may("kms:Decrypt", key, dev.tags)
        assert not dev.role(role).may("kms:Decrypt", key, dev.tags | {"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
        assert dev.role(role).may(
            "kms:Decrypt", key, dev.tags | {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
        )


def test_the_tasks_themselves_may_nothing(dev: Stage) -> None:
    assert dev.role("TaskRole").policies == ()


@pytest.mark.parametrize(
    ("service", "allowed"),
    [("ecs.amazonaws.com", True), ("autoscaling.amazonaws.com", False), ("guardduty.amazonaws.com", False)],
)
def test_service_linked_roles(service: str, allowed: bool, dev: Stage) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRole"
    may = dev.role("DeployRole").may("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": service})
    assert may is allowed
