"""The bucket of the artifacts, which a custom resource empties when its stack is deleted."""

from __future__ import annotations

from pathlib import Path

from awacs import logs
from awacs import s3 as s3_actions
from awacs.aws import Allow, Bool, Condition, Deny, PolicyDocument, Principal, Statement
from msgspec import Struct
from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import Code, Function, LoggingConfig
from troposphere.cloudformation import CustomResource
from troposphere.iam import Policy, Role
from troposphere.logs import LogGroup
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from phoenix_cfn.common.logs import log_group
from phoenix_cfn.common.trust import trusts
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

# Days. Artifacts are for waiting or retried runs, not an archive: Git has the source, ECR the images.
ARTIFACT_DAYS = 30
# Seconds. Ten thousand objects take about one minute.
EMPTYING_TIMEOUT = 300


class Storage(Struct, frozen=True):
    """`bucket`: the artifacts; `emptier`: the custom resource that empties it when the stack is deleted.

    The roles that may write to the bucket DependsOn the emptier, so that they are deleted before it is emptied.
    """

    bucket: Bucket
    emptier: CustomResource


class _BucketEmptier(CustomResource):
    resource_type = "Custom::BucketEmptier"
    props = {"ServiceToken": (str, True), "ServiceTimeout": (int, True), "BucketName": (str, True)}


@part
def artifact_storage(scope: Scope) -> Storage:
    """The bucket: private, encrypted, TLS only, with expiring objects."""
    bucket = scope.add(
        Bucket(
            "ArtifactBucket",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_18": "Holds build artifacts that expire; only the pipeline's two roles can reach them."
                }
            ),
            BucketEncryption=BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            LifecycleConfiguration=LifecycleConfiguration(
                Rules=[
                    LifecycleRule(
                        Id="expire-artifacts",
                        Status="Enabled",
                        ExpirationInDays=ARTIFACT_DAYS,
                        NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=1),
                        AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
                    )
                ]
            ),
            OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
            PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        )
    )
    scope.add(
        BucketPolicy(
            "ArtifactBucketPolicy",
            Bucket=Ref(bucket),
            PolicyDocument=PolicyDocument(
                Version="2012-10-17",
                Statement=[
                    Statement(
                        Sid="TlsOnly",
                        Effect=Deny,
                        Principal=Principal("*"),
                        Action=[s3_actions.Action("*")],
                        Resource=[GetAtt(bucket, "Arn"), Sub(f"${{{bucket.title}.Arn}}/*")],
                        Condition=Condition(Bool("aws:SecureTransport", "false")),
                    )
                ],
            ),
        )
    )
    return Storage(bucket, _emptier(scope, bucket))


def _emptier(scope: Scope, bucket: Bucket) -> CustomResource:
    """The custom resource that empties the bucket before it is deleted."""
    function = _emptier_function(scope, bucket)
    return scope.add(
        _BucketEmptier(
            "BucketEmptier",
            ServiceToken=GetAtt(function, "Arn"),
            # By default, CloudFormation waits one hour for a function that does not respond.
            ServiceTimeout=EMPTYING_TIMEOUT + 60,
            BucketName=Ref(bucket),
        )
    )


def _emptier_role(scope: Scope, bucket: Bucket, group: LogGroup) -> Role:
    return scope.add(
        Role(
            "BucketEmptierRole",
            AssumeRolePolicyDocument=trusts("lambda"),
            Policies=[
                Policy(
                    PolicyName="empty-the-artifact-bucket",
                    PolicyDocument=PolicyDocument(
                        Version="2012-10-17",
                        Statement=[
                            Statement(
                                Sid="FindWhatIsThere",
                                Effect=Allow,
                                Action=[s3_actions.ListBucketVersions],
                                Resource=[GetAtt(bucket, "Arn")],
                            ),
                            Statement(
                                Sid="DeleteIt",
                                Effect=Allow,
                                Action=[s3_actions.DeleteObject, s3_actions.DeleteObjectVersion],
                                Resource=[Sub(f"${{{bucket.title}.Arn}}/*")],
                            ),
                            Statement(
                                Sid="WriteTheLog",
                                Effect=Allow,
                                Action=[logs.CreateLogStream, logs.PutLogEvents],
                                Resource=[GetAtt(group, "Arn")],
                            ),
                        ],
                    ),
                )
            ],
        )
    )


def _emptier_function(scope: Scope, bucket: Bucket) -> Function:
    group = log_group(scope, "BucketEmptierLogGroup", scope.names.bucket_emptier_logs)
    role = _emptier_role(scope, bucket, group)
    return scope.add(
        Function(
            "BucketEmptierFunction",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_115": "Runs once; accounts with the lowest quota cannot reserve concurrency.",
                    "CKV_AWS_116": "CloudFormation waits for its response and reports a failure in the stack's events.",
                    "CKV_AWS_117": "Calls S3 and CloudFormation only; this stack has no VPC.",
                }
            ),
            Description="Empties the artifact bucket when its stack is deleted",
            Runtime="python3.13",
            Handler="index.handler",
            Role=GetAtt(role, "Arn"),
            Timeout=EMPTYING_TIMEOUT,
            LoggingConfig=LoggingConfig(LogGroup=Ref(group)),
            Code=Code(ZipFile=Path(__file__).with_name("bucket_emptier.py").read_text(encoding="utf-8")),
        )
    )
