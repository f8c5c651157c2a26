"""The boundary follows the roles for every type: on the resource that is given, never on `*`, never an invalid ARN."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.iam import registry
from phoenix_cfn.iam.boundary import BoundaryError, boundary_permissions
from phoenix_cfn.iam.statements import Permission
from tests.iam.evaluator import Role

STAGE = "${StagePrefix}"
VALUES = {"StagePrefix": STAGE, "AWS::StackName": f"{STAGE}-phoenix-infrastructure", "HandedArn": "${Handed}"}
TAGS = [{"Key": "Project", "Value": "phoenix"}, {"Key": "Stage", "Value": {"Ref": "StagePrefix"}}]
TAGGED = {"StringEquals": {"aws:ResourceTag/Project": ("phoenix",), "aws:ResourceTag/Stage": (STAGE,)}}
ARN, REF = {"Fn::GetAtt": ["Thing", "Arn"]}, {"Ref": "Thing"}
HERE = "${AWS::Region}:${AWS::AccountId}"
# What CloudFormation names the resource, where the longest stage leaves room for it.
MADE = f"{STAGE}-phoenix-infrastructure-Thing-*"


def named(name: str) -> dict[str, Any]:
    return {"Fn::Sub": f"{STAGE}-{name}"}


def boundary(kind: str, properties: dict[str, Any], *resources: Any, **statement: Any) -> list[Permission]:
    allowed = {"Sid": "Use", "Effect": "Allow", "Action": "a:B", "Resource": list(resources)} | statement
    role = {"AssumeRolePolicyDocument": {}, "Policies": [{"PolicyDocument": {"Statement": allowed}}]}
    template = {
        "Parameters": {
            "StagePrefix": {"Type": "String", "MaxLength": 20},
            "Own": {"Type": "String", "Default": "own"},
            "Unknown": {"Type": "String"},
        },
        "Resources": {
            "Thing": {"Type": kind, "Properties": properties},
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        },
    }
    return boundary_permissions(template, VALUES)


@pytest.mark.parametrize(
    ("kind", "properties", "resource", "arn"),
    [
        ("AWS::SQS::Queue", {"QueueName": named("q")}, ARN, f"sqs:{HERE}:{STAGE}-q"),
        ("AWS::SQS::Queue", {}, ARN, f"sqs:{HERE}:{MADE}"),
        ("AWS::SQS::Queue", {}, {"Fn::Sub": "${Thing.Arn}"}, f"sqs:{HERE}:{MADE}"),
        (
            "AWS::SQS::Queue",
            {"QueueName": named("q")},
            {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Thing.QueueName}"},
            f"sqs:{HERE}:{STAGE}-q",
        ),
        ("AWS::S3::Bucket", {"BucketName": named("b")}, ARN, f"s3:::{STAGE}-b"),
        ("AWS::S3::Bucket", {"BucketName": named("b")}, {"Fn::Sub": "${Thing.Arn}/*"}, f"s3:::{STAGE}-b/*"),
        # In lower case.
        ("AWS::S3::Bucket", {}, ARN, f"s3:::{MADE.lower().replace(STAGE.lower(), STAGE)}"),
        (
            "AWS::S3::Bucket",
            {"BucketName": named("b")},
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", REF, "/in/*"]]},
            f"s3:::{STAGE}-b/in/*",
        ),
        (
            "AWS::S3::Bucket",
            {"BucketNamePrefix": named("b"), "BucketNamespace": "account-regional"},
            ARN,
            f"s3:::{STAGE}-b-${{AWS::AccountId}}-${{AWS::Region}}-an",
        ),
        ("AWS::SNS::Topic", {"TopicName": named("t")}, REF, f"sns:{HERE}:{STAGE}-t"),
        ("AWS::SNS::Topic", {}, {"Fn::GetAtt": "Thing.TopicArn"}, f"sns:{HERE}:{MADE}"),
        ("AWS::DynamoDB::Table", {"TableName": named("t")}, ARN, f"dynamodb:{HERE}:table/{STAGE}-t"),
        ("AWS::DynamoDB::Table", {}, {"Fn::Sub": "${Thing.Arn}/index/*"}, f"dynamodb:{HERE}:table/{MADE}/index/*"),
        (
            "AWS::DynamoDB::Table",
            {"TableName": named("t")},
            {"Fn::GetAtt": ["Thing", "StreamArn"]},
            f"dynamodb:{HERE}:table/{STAGE}-t/stream/*",
        ),
        (
            "AWS::DynamoDB::Table",
            {"TableName": named("t")},
            {"Fn::Sub": ["arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${T}", {"T": REF}]},
            f"dynamodb:{HERE}:table/{STAGE}-t",
        ),
        ("AWS::Kinesis::Stream", {}, ARN, f"kinesis:{HERE}:stream/{MADE}"),
        ("AWS::KinesisFirehose::DeliveryStream", {}, ARN, f"firehose:{HERE}:deliverystream/{MADE}"),
        (
            "AWS::SSM::Parameter",
            {"Name": "/x/y"},
            {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Thing}"},
            f"ssm:{HERE}:parameter/x/y",
        ),
        ("AWS::SecretsManager::Secret", {"Name": named("s")}, REF, f"secretsmanager:{HERE}:secret:{STAGE}-s-??????"),
        ("AWS::Lambda::Function", {}, ARN, f"lambda:{HERE}:function:{MADE}"),
        ("AWS::Lambda::Function", {}, {"Fn::Sub": "${Thing.Arn}:*"}, f"lambda:{HERE}:function:{MADE}:*"),
        ("AWS::StepFunctions::StateMachine", {}, REF, f"states:{HERE}:stateMachine:{MADE}"),
        ("AWS::Events::EventBus", {"Name": named("e")}, ARN, f"events:{HERE}:event-bus/{STAGE}-e"),
        ("AWS::Events::Rule", {}, ARN, f"events:{HERE}:rule/{MADE}"),
        ("AWS::Logs::LogGroup", {"LogGroupName": named("l")}, ARN, f"logs:{HERE}:log-group:{STAGE}-l*"),
        ("AWS::ECR::Repository", {"RepositoryName": named("r")}, ARN, f"ecr:{HERE}:repository/{STAGE}-r"),
        ("AWS::IAM::Role", {"RoleName": named("r"), "Path": "/p/"}, ARN, f"iam::${{AWS::AccountId}}:role/p/{STAGE}-r"),
        (
            "AWS::RDS::DBInstance",
            {"DBInstanceIdentifier": named("d")},
            {"Fn::GetAtt": ["Thing", "DBInstanceArn"]},
            f"rds:{HERE}:db:{STAGE}-d",
        ),
        ("AWS::MSK::Cluster", {"ClusterName": named("k")}, ARN, f"kafka:{HERE}:cluster/{STAGE}-k/*"),
        # Of which only the registry knows the ARN.
        ("AWS::OpenSearchService::Domain", {"DomainName": named("d")}, ARN, f"es:{HERE}:domain/{STAGE}-d"),
        (
            "AWS::ElastiCache::ServerlessCache",
            {"ServerlessCacheName": named("c")},
            {"Fn::GetAtt": ["Thing", "ARN"]},
            f"elasticache:{HERE}:serverlesscache:{STAGE}-c",
        ),
        (
            "AWS::Athena::WorkGroup",
            {"Name": named("w")},
            {"Fn::Sub": "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/${Thing}"},
            f"athena:{HERE}:workgroup/{STAGE}-w",
        ),
        # By a parameter that has a default, or that the pipeline hands on.
        (
            "AWS::SQS::Queue",
            {"QueueName": {"Fn::Sub": "${StagePrefix}-${Own}"}},
            ARN,
            f"sqs:{HERE}:{STAGE}-own",
        ),
    ],
)
def test_a_resource_that_its_name_identifies(kind: str, properties: dict[str, Any], resource: Any, arn: str) -> None:
    assert boundary(kind, properties, resource) == [
        Permission("Use", ("a:B",), (f"arn:${{AWS::Partition}}:{arn}",), {}),
    ]


@pytest.mark.parametrize(
    ("kind", "properties", "resource", "arn"),
    [
        ("AWS::KMS::Key", {"Tags": TAGS}, ARN, f"kms:{HERE}:key/*"),
        ("AWS::SecretsManager::Secret", {"Tags": TAGS}, REF, f"secretsmanager:{HERE}:secret:Thing-*-??????"),
        ("AWS::EFS::FileSystem", {"FileSystemTags": TAGS}, ARN, f"elasticfilesystem:{HERE}:file-system/*"),
        (
            "AWS::Cognito::UserPool",
            {"UserPoolTags": {"Project": "phoenix", "Stage": {"Ref": "StagePrefix"}}},
            ARN,
            f"cognito-idp:{HERE}:userpool/*",
        ),
        (
            "AWS::AppSync::GraphQLApi",
            {"Tags": TAGS},
            {"Fn::Sub": "${Thing.Arn}/types/Query/*"},
            f"appsync:{HERE}:apis/*/types/Query/*",
        ),
        (
            "AWS::EC2::SecurityGroup",
            {"Tags": TAGS},
            {"Fn::Sub": "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/${Thing}"},
            f"ec2:{HERE}:security-group/*",
        ),
    ],
)
def test_a_resource_that_only_its_tags_identify(kind: str, properties: dict[str, Any], resource: Any, arn: str) -> None:
    assert boundary(kind, properties, resource) == [
        Permission("Use", ("a:B",), (f"arn:${{AWS::Partition}}:{arn}",), TAGGED),
    ]


def test_the_condition_is_for_resources_that_only_tags_identify() -> None:
    found = boundary("AWS::KMS::Key", {"Tags": TAGS}, "arn:aws:s3:::x/*", ARN, Condition={"Bool": {"a:b": True}})
    assert [(each.sid, each.resources, set(each.conditions)) for each in found] == [
        ("Use", ("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*",), {"Bool", "StringEquals"}),
        ("Use2", ("arn:aws:s3:::x/*",), {"Bool"}),
    ]


@pytest.mark.parametrize(
    ("kind", "properties", "resource", "why", "remedy"),
    [
        ("AWS::SQS::Queue", {}, REF, "the URL of Ref Thing", "Use Fn::GetAtt Thing.Arn."),
        ("AWS::S3::Bucket", {"BucketName": "b"}, REF, "whose value is b; expected an ARN", "Use Fn::GetAtt of its Arn"),
        ("AWS::DynamoDB::Table", {}, REF, "expected an ARN", "Use Fn::GetAtt of its Arn"),
        ("AWS::Kinesis::Stream", {}, {"Fn::Sub": "${Thing}"}, "expected an ARN", "Use Fn::GetAtt of its Arn"),
        (
            "AWS::SSM::Parameter",
            {},
            {"Fn::Sub": "arn:aws:ssm:::parameter/${Thing}"},
            "the name",
            "Set its property Name to",
        ),
        (
            "AWS::SSM::Parameter",
            {"Name": "/x"},
            {"Fn::Sub": "arn:aws:ssm:::parameter/${Thing}"},
            "parameter//x; expected an ARN",
            "Use",
        ),
        ("AWS::OpenSearchService::Domain", {}, ARN, "the name", "Set its property DomainName"),
        # With the longest stage nothing of the stack's name would be left in the bucket's.
        ("AWS::S3::Bucket", {}, {"Fn::GetAtt": ["ABucketWithALongName", "Arn"]}, "the attribute", "Use the ARN"),
        (
            "AWS::KMS::Key",
            {},
            ARN,
            "which has no tags to identify it",
            "Add the tags Project and Stage to its property",
        ),
        ("AWS::EC2::Instance", {}, REF, "which has no tags", "Remove it from the permissions of the role."),
        ("AWS::XRay::Group", {}, ARN, "the attribute Arn of Thing", "Use the ARN with the resource's name."),
        ("AWS::SQS::Queue", {"QueueName": {"Ref": "Unknown"}}, ARN, "the parameter Unknown", "a default"),
        ("AWS::SQS::Queue", {}, {"Fn::ImportValue": "x"}, "the result of Fn::ImportValue", "Use the ARN"),
        ("AWS::SQS::Queue", {"QueueName": {"Fn::If": ["C", "x", "y"]}}, ARN, "one of two values", "Use the ARN"),
        ("AWS::SQS::Queue", {}, "orders", 'found "orders", whose value is orders; expected an ARN', "Use"),
    ],
)
def test_what_is_not_known_is_refused(
    kind: str, properties: dict[str, Any], resource: Any, why: str, remedy: str
) -> None:
    with pytest.raises(BoundaryError) as refused:
        boundary(kind, properties, resource)
    message = str(refused.value)
    assert message.startswith("no permissions boundary can be derived from Role, statement Use: ")
    assert why in message
    assert remedy in message


@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_statements_by_exception_are_refused(element: str) -> None:
    with pytest.raises(BoundaryError, match=f"it uses {element}"):
        boundary("AWS::SQS::Queue", {}, ARN, **{element: "*"})


def test_a_managed_policy_of_others_is_refused() -> None:
    role = {"AssumeRolePolicyDocument": {}, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}
    with pytest.raises(BoundaryError, match=r"ReadOnlyAccess.*outside the template.*Add its statements"):
        boundary_permissions({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}}}, VALUES)


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "attached"])
def test_policies_beside_the_role_are_followed(kind: str) -> None:
    statement = {"Effect": "Allow", "Action": "a:B", "Resource": "arn:aws:sqs:::q"}
    policy: dict[str, Any] = {"PolicyDocument": {"Statement": [statement]}}
    policy |= {"RoleName": {"Ref": "Role"}} if kind == "AWS::IAM::RolePolicy" else {"Roles": [{"Ref": "Role"}]}
    role: dict[str, Any] = {"AssumeRolePolicyDocument": {}}
    if kind == "attached":
        kind, policy, role = "AWS::IAM::ManagedPolicy", policy, role | {"ManagedPolicyArns": [{"Ref": "Policy"}]}
        del policy["Roles"]
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Policy": {"Type": kind, "Properties": policy},
    }
    assert [each.resources for each in boundary_permissions({"Resources": resources}, VALUES)] == [("arn:aws:sqs:::q",)]


def test_what_the_pipeline_hands_on_is_known() -> None:
    assert boundary("AWS::SQS::Queue", {}, {"Ref": "HandedArn"})[0].resources == ("${Handed}",)


def test_variables_of_iam_stay_as_they_are() -> None:
    """`${aws:...}` is IAM's, `${!aws:...}` is how Fn::Sub writes it; Pipeline.yml has the latter."""
    for text in ("arn:aws:s3:::b/${aws:PrincipalTag/x}/*", {"Fn::Sub": "arn:aws:s3:::b/${!aws:PrincipalTag/x}/*"}):
        (permission,) = boundary("AWS::SQS::Queue", {}, text)
        assert permission.to_json()["Resource"] == [{"Fn::Sub": "arn:aws:s3:::b/${!aws:PrincipalTag/x}/*"}]


@pytest.mark.parametrize("stage", ["a", "dev", "x" * 16, "x" * 20])
@pytest.mark.parametrize("logical_id", ["Files", "OrderBucket", "OrderUploadBucket"])
def test_a_shortened_name_is_within_the_boundary(stage: str, logical_id: str) -> None:
    """CloudFormation shortens `<stack>-<logical id>-<12 characters>` to the 63 of a bucket, in equal shares."""
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": {"Fn::GetAtt": [logical_id, "Arn"]},
    }
    role = {"AssumeRolePolicyDocument": {}, "Policies": [{"PolicyDocument": {"Statement": [statement]}}]}
    resources = {
        logical_id: {"Type": "AWS::S3::Bucket"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
    }
    parameters = {"StagePrefix": {"Type": "String", "MaxLength": 20}}
    (permission,) = boundary_permissions({"Parameters": parameters, "Resources": resources}, VALUES)
    (arn,) = permission.resources
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:PutObject",
                "Resource": arn.replace("${AWS::Partition}", "aws").replace(STAGE, stage),
            }
        ]
    }
    stack = f"{stage}-phoenix-infrastructure"
    room = 63 - 14
    of_id = min(len(logical_id), max(room // 2, room - len(stack)))
    of_stack = min(len(stack), room - of_id)
    name = f"{stack[:of_stack]}-{logical_id[:of_id]}-1a2b3c4d5e6f".lower()
    assert len(name) <= 63
    assert Role((policy,)).may("s3:PutObject", f"arn:aws:s3:::{name}")
    for other in ("dev-2", "dev-phoenix", f"{stage}-2"[:20]):
        if other != stage:
            other_name = f"{other}-phoenix-infrastructure"[:of_stack] + f"-{logical_id}-1a2b3c4d5e6f".lower()
            assert not Role((policy,)).may("s3:PutObject", f"arn:aws:s3:::{other_name}"), other


def test_the_types_that_are_known_to_be_judged_by_their_tags_are(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry._TAGS_COUNT
    monkeypatch.setattr(registry, "_TAGS_COUNT", frozenset())
    assert all(map(registry.tags_count, known))
