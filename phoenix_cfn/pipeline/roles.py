"""The roles of the pipeline's services, each for this stage's resources only."""

from __future__ import annotations

from typing import Any

from awacs import cloudformation, codebuild, codedeploy, ecr, ecs, iam, kms, logs, s3, sns
from awacs.aws import Action, Allow, Condition, PolicyDocument, Statement, StringEquals
from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Project
from troposphere.ecr import Repository
from troposphere.iam import ManagedPolicy, Policy, Role
from troposphere.logs import LogGroup
from troposphere.sns import Topic

from phoenix_cfn.cloudformation.limits import MANAGED_POLICY_LIMIT
from phoenix_cfn.common.trust import trusts
from phoenix_cfn.iam.boundary import joined
from phoenix_cfn.iam.deploy import deploy_permissions
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.iam.statements import policy_document, policy_documents
from phoenix_cfn.infrastructure.roles import pass_task_roles
from phoenix_cfn.naming import STAGE_PREFIX_MAX_LENGTH
from phoenix_cfn.pipeline.deployed import known, supplied
from phoenix_cfn.pipeline.storage import Storage
from phoenix_cfn.scope import Scope, part

_ACCOUNT = "${AWS::Region}:${AWS::AccountId}"
_LONGEST_VALUES = {"StagePrefix": STAGE_PREFIX_MAX_LENGTH}


@part
def build_role(scope: Scope, storage: Storage, repository: Repository, build_logs: LogGroup) -> Role:
    """CodeBuild: permissions to read the source, write the log and the artifact, and push to one repository.

    https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    """
    return _role(
        scope,
        storage,
        "BuildRole",
        "codebuild",
        [
            _allow("WriteTheLog", [logs.CreateLogStream, logs.PutLogEvents], [GetAtt(build_logs, "Arn")]),
            # This action has no resource level.
            _allow("LogInToTheRegistry", [ecr.GetAuthorizationToken], ["*"]),
            _allow(
                "PushTheImage",
                [
                    ecr.BatchCheckLayerAvailability,
                    ecr.BatchGetImage,
                    ecr.CompleteLayerUpload,
                    ecr.InitiateLayerUpload,
                    ecr.PutImage,
                    ecr.UploadLayerPart,
                ],
                [GetAtt(repository, "Arn")],
            ),
        ],
    )


@part
def pipeline_role(
    scope: Scope,
    storage: Storage,
    project: Project,
    deploy_role: Role,
    further: list[Statement],
) -> Role:
    """CodePipeline: permissions for artifacts, for the build, and to deploy one stack with one role.

    `further`: permissions of the other actions.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
    """
    return _role(
        scope,
        storage,
        "PipelineRole",
        "codepipeline",
        [
            *further,
            _allow(
                "FindTheBucket",
                [s3.GetBucketAcl, s3.GetBucketLocation, s3.GetBucketVersioning],
                [GetAtt(storage.bucket, "Arn")],
            ),
            _allow("Build", [codebuild.BatchGetBuilds, codebuild.StartBuild], [GetAtt(project, "Arn")]),
            _allow(
                "Deploy",
                [
                    cloudformation.CreateStack,
                    cloudformation.DescribeStackEvents,
                    cloudformation.DescribeStacks,
                    cloudformation.GetTemplate,
                    cloudformation.UpdateStack,
                ],
                [infrastructure_stack_arn(scope)],
            ),
            # This action has no resource level.
            _allow("CheckTheTemplate", [cloudformation.ValidateTemplate], ["*"]),
            Statement(
                Sid="DeployWithTheDeployRole",
                Effect=Allow,
                Action=[iam.PassRole],
                Resource=[GetAtt(deploy_role, "Arn")],
                Condition=Condition(StringEquals("iam:PassedToService", "cloudformation.amazonaws.com")),
            ),
        ],
    )


@part
def revision_role(scope: Scope, storage: Storage, group: LogGroup) -> Role:
    """The build that reads the task definition revision."""
    return _role(
        scope,
        storage,
        "RevisionRole",
        "codebuild",
        [
            _allow("WriteTheLog", [logs.CreateLogStream, logs.PutLogEvents], [GetAtt(group, "Arn")]),
            # This action has no resource level.
            _allow("DescribeTheRevision", [ecs.DescribeTaskDefinition], ["*"]),
        ],
    )


def approval_statements(scope: Scope, topic: Topic) -> list[Statement]:
    """CodePipeline: permissions to publish approval requests to the encrypted topic.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-iam-permissions.html
    """
    return [
        _allow("PublishTheApproval", [sns.Publish], [Ref(topic)]),
        Statement(
            Sid="EncryptTheApproval",
            Effect=Allow,
            Action=[kms.Decrypt, kms.GenerateDataKey],
            Resource=[GetAtt(scope.key, "Arn")],
            Condition=Condition(StringEquals("kms:ViaService", Sub("sns.${AWS::Region}.amazonaws.com"))),
        ),
    ]


def codedeploy_statements(scope: Scope, project: Project) -> list[Statement]:
    """CodePipeline: permissions to read the revision, register it, and deploy it with CodeDeploy.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
    """
    place, name = f"arn:${{AWS::Partition}}:codedeploy:{_ACCOUNT}", scope.names.codedeploy
    return [
        _allow("DescribeTheRevision", [codebuild.BatchGetBuilds, codebuild.StartBuild], [GetAtt(project, "Arn")]),
        _allow(
            "ReadTheApplication",
            [codedeploy.GetApplication, codedeploy.GetApplicationRevision, codedeploy.RegisterApplicationRevision],
            [Sub(f"{place}:application:{name}")],
        ),
        _allow(
            "Shift",
            [codedeploy.CreateDeployment, codedeploy.GetDeployment],
            [Sub(f"{place}:deploymentgroup:{name}/{name}")],
        ),
        _allow("ReadTheSteps", [codedeploy.GetDeploymentConfig], [Sub(f"{place}:deploymentconfig:{name}-*")]),
        # The service reference has a resource type for this action, but all known denials have `*`.
        # https://github.com/aws/containers-roadmap/issues/929
        _allow("RegisterTheRevision", [ecs.RegisterTaskDefinition], ["*"]),
        pass_task_roles(scope),
    ]


@part
def role_boundary(scope: Scope, deployed: Earlier, earlier: Earlier) -> ManagedPolicy:
    """The permissions boundary of the infrastructure stack's roles: the permissions of the roles in this template.

    A push to the repository can change that template, but not this policy. The policy also allows the permissions of
    `earlier` roles, because tasks with these roles run during a deployment. Its ARN does not change if only its
    document changes: a role with another boundary could not be changed or rolled back.
    """
    permissions = joined([*deployed.roles, *earlier.roles])
    return scope.add(
        ManagedPolicy(
            "RoleBoundary",
            Description="The most that roles of the infrastructure stack may do",
            PolicyDocument=policy_document("RoleBoundary", permissions, MANAGED_POLICY_LIMIT, _LONGEST_VALUES),
        )
    )


@part
def deploy_role(scope: Scope, deployed: dict[str, Any], left: Earlier, earlier: Earlier) -> Role:
    """CloudFormation: the permissions for the infrastructure stack, from its template `deployed` and its resources
    `left`, and to update or delete resources of `earlier` templates.

    Statements that do not fit into the inline policy are in managed policies.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    """
    settings = scope.settings
    permissions = deploy_permissions(
        deployed, known(settings), earlier.footprint, supplied(settings), current=left.footprint
    )
    own, *further = policy_documents("the policies of DeployRole", permissions, _LONGEST_VALUES)
    policies = [
        scope.add(
            ManagedPolicy(
                f"DeployPolicy{number}", Description="More of what DeployRole may do", PolicyDocument=document
            )
        )
        for number, document in enumerate(further, start=1)
    ]
    return scope.add(
        Role(
            "DeployRole",
            AssumeRolePolicyDocument=trusts("cloudformation"),
            Policies=[Policy(PolicyName="this-stage", PolicyDocument=own)],
            ManagedPolicyArns=[Ref(policy) for policy in policies],
        )
    )


def infrastructure_stack_arn(scope: Scope) -> Sub:
    """The ARNs of the stack that the pipeline deploys, with any id."""
    stack = scope.names.infrastructure_stack
    return Sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{stack}/*")


def _role(scope: Scope, storage: Storage, title: str, service: str, statements: list[Statement]) -> Role:
    """A role with permissions for artifacts, and `statements`."""
    objects = Sub(f"${{{storage.bucket.title}.Arn}}/*")
    artifacts = _allow("CarryArtifacts", [s3.GetObject, s3.GetObjectVersion, s3.PutObject], [objects])
    return scope.add(
        Role(
            title,
            # Deleted before the bucket is emptied, so that a running execution cannot write to it.
            DependsOn=storage.emptier,
            AssumeRolePolicyDocument=trusts(service),
            Policies=[
                Policy(
                    PolicyName="this-stage",
                    PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=[*statements, artifacts]),
                )
            ],
        )
    )


def _allow(sid: str, actions: list[Action], resources: list[object]) -> Statement:
    return Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources)
