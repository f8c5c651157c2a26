"""The roles of the pipeline: each service has its own, for this stage's resources only."""

from __future__ import annotations

from awacs import cloudformation, codebuild, ecr, iam, logs, s3
from awacs.aws import Action, Allow, Condition, PolicyDocument, Statement, StringEquals
from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Project
from troposphere.ecr import Repository
from troposphere.iam import Policy, Role
from troposphere.kms import Key
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.secretsmanager import Secret

from phoenix_cfn.iam.trust import trusts
from phoenix_cfn.naming import Names
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def build_role(template: StageTemplate, bucket: Bucket, repository: Repository, build_logs: LogGroup) -> Role:
    """CodeBuild: read the source, write the log and the artifact, push to one repository.

    https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
    """
    return _role(
        template,
        "BuildRole",
        "codebuild",
        [
            _allow([logs.CreateLogStream, logs.PutLogEvents], [GetAtt(build_logs, "Arn")]),
            _allow([s3.GetObject, s3.GetObjectVersion, s3.PutObject], [_objects(bucket)]),
            # This action has no resource level.
            _allow([ecr.GetAuthorizationToken], ["*"]),
            _allow(
                [
                    ecr.BatchCheckLayerAvailability,
                    ecr.BatchGetImage,
                    ecr.CompleteLayerUpload,
                    ecr.DescribeImages,
                    ecr.GetDownloadUrlForLayer,
                    ecr.InitiateLayerUpload,
                    ecr.PutImage,
                    ecr.UploadLayerPart,
                ],
                [GetAtt(repository, "Arn")],
            ),
        ],
    )


def pipeline_role(
    template: StageTemplate,
    settings: Settings,
    bucket: Bucket,
    project: Project,
    deploy_role: Role,
    source: list[Statement],
) -> Role:
    """CodePipeline: carry artifacts, start the build, and have CloudFormation deploy one stack with one role.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
    """
    return _role(
        template,
        "PipelineRole",
        "codepipeline",
        [
            *source,
            _allow([s3.GetBucketLocation, s3.GetBucketVersioning], [GetAtt(bucket, "Arn")]),
            _allow([s3.GetObject, s3.GetObjectVersion, s3.PutObject], [_objects(bucket)]),
            _allow([codebuild.BatchGetBuilds, codebuild.StartBuild], [GetAtt(project, "Arn")]),
            _allow(
                [
                    cloudformation.CreateStack,
                    cloudformation.DescribeStackEvents,
                    cloudformation.DescribeStacks,
                    cloudformation.UpdateStack,
                ],
                [infrastructure_stack_arn(settings)],
            ),
            Statement(
                Effect=Allow,
                Action=[iam.PassRole],
                Resource=[GetAtt(deploy_role, "Arn")],
                Condition=Condition(StringEquals("iam:PassedToService", "cloudformation.amazonaws.com")),
            ),
        ],
    )


def deploy_role(template: StageTemplate, settings: Settings, credentials: Secret, key: Key) -> Role:
    """CloudFormation: what the infrastructure stack needs, written by hand until it is derived."""
    names = Names.of(settings.name)

    def of(service: str, *actions: str) -> list[Action]:
        return [Action(service, action) for action in actions]

    return _role(
        template,
        "DeployRole",
        "cloudformation",
        [
            _allow(
                [
                    *of("ec2", "*Vpc*", "*Subnet*", "*Gateway*", "*Route*", "*Address*", "*SecurityGroup*", "*Tags"),
                    *of("ec2", "Describe*"),
                    *of("elasticloadbalancing", "*"),
                    *of("ecs", "*"),
                    *of("application-autoscaling", "*"),
                    *of("cloudwatch", "*Alarm*", "*Dashboard*", "TagResource", "UntagResource", "ListTagsForResource"),
                    *of(
                        "rds", "*DBCluster*", "*DBInstance*", "*DBSubnetGroup*", "*TagsToResource", "*TagsFromResource"
                    ),
                    *of("rds", "ListTagsForResource", "DescribeGlobalClusters"),
                    *of("sns", "*Topic*", "Subscribe", "Unsubscribe", "*Subscription*", "TagResource", "UntagResource"),
                    *of("logs", "*LogGroup*", "*RetentionPolicy", "*Tag*", "*KmsKey"),
                    *of("kms", "*Key*", "TagResource", "UntagResource", "Encrypt", "Decrypt", "CreateGrant"),
                ],
                ["*"],
            ),
            _allow(
                [*of("secretsmanager", "*Secret*", "*Tag*", "GetResourcePolicy")],
                [
                    Ref(credentials),
                    Sub(
                        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
                        f":secret:{names.connection_secret}-*"
                    ),
                ],
            ),
            _allow(
                [*of("iam", "*Role", "*RolePolicy", "*RolePolicies", "*RoleTags", "ListRoleTags")],
                [Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{names.infrastructure_stack}-*")],
            ),
            _allow(
                [*of("iam", "CreateServiceLinkedRole")],
                [Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*")],
            ),
        ],
    )


def infrastructure_stack_arn(settings: Settings) -> Sub:
    """The stack that the pipeline deploys, whatever its id."""
    stack = Names.of(settings.name).infrastructure_stack
    return Sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{stack}/*")


def _role(template: StageTemplate, title: str, service: str, statements: list[Statement]) -> Role:
    return template.add_resource(
        Role(
            title,
            AssumeRolePolicyDocument=trusts(service),
            Policies=[
                Policy(
                    PolicyName="this-stage",
                    PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=statements),
                )
            ],
        )
    )


def _allow(actions: list[Action], resources: list[object]) -> Statement:
    return Statement(Effect=Allow, Action=actions, Resource=resources)


def _objects(bucket: Bucket) -> Sub:
    return Sub(f"${{{bucket.title}.Arn}}/*")
