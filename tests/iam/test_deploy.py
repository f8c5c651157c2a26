"""The derivation, on templates of a few resources: which actions, on what, under which condition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phoenix_cfn.cloudformation.limits import MANAGED_POLICY_LIMIT, ROLE_INLINE_LIMIT
from phoenix_cfn.iam.boundary import boundary_permissions
from phoenix_cfn.iam.deploy import deploy_permissions
from phoenix_cfn.iam.handlers import UnknownNeedsError
from phoenix_cfn.iam.statements import (
    Permission,
    PolicyTooLargeError,
    policy_documents,
    policy_size,
    with_own_sids,
)

KNOWN = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
STAGED = KNOWN | {"StagePrefix": "dev", "AWS::StackName": "dev-phoenix-infrastructure"}


def template(**resources: Any) -> dict[str, Any]:
    return {"Parameters": {"StagePrefix": {"Type": "String", "MaxLength": 20}}, "Resources": resources}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def derive(values: dict[str, str] | None = None, **resources: Any) -> dict[str, Permission]:
    """By action the permission that allows it."""
    permissions = deploy_permissions(template(**resources), STAGED if values is None else values)
    found: dict[str, Permission] = {}
    for permission in permissions:
        for action in permission.actions:
            assert action not in found, f"{action} is allowed twice"
            found[action] = permission
    return found


def secret(**properties: Any) -> dict[str, Any]:
    return resource("AWS::SecretsManager::Secret", **properties)


@pytest.mark.parametrize(
    ("kind", "properties", "action", "needed"),
    [
        ("AWS::SecretsManager::Secret", {}, "secretsmanager:GetRandomPassword", False),
        ("AWS::SecretsManager::Secret", {"GenerateSecretString": {}}, "secretsmanager:GetRandomPassword", True),
        ("AWS::SecretsManager::Secret", {}, "secretsmanager:CreateSecret", True),
        ("AWS::Logs::LogGroup", {}, "logs:PutIndexPolicy", False),
        ("AWS::Logs::LogGroup", {"FieldIndexPolicies": []}, "logs:PutIndexPolicy", True),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": []}}, "iam:AttachRolePolicy", False),
        (
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": ["a"]},
            "iam:AttachRolePolicy",
            True,
        ),
        # At any depth, and by value.
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            {"DefaultActions": [{"Type": "authenticate-cognito", "AuthenticateCognitoConfig": {}}]},
            "cognito-idp:DescribeUserPoolClient",
            True,
        ),
        (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {"ServiceNamespace": "ecs"},
            "lambda:PutProvisionedConcurrencyConfig",
            False,
        ),
        (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {"ServiceNamespace": "lambda"},
            "lambda:PutProvisionedConcurrencyConfig",
            True,
        ),
        # Names in the schemas that are no actions.
        ("AWS::Logs::LogGroup", {"DataProtectionPolicy": {}}, "s3:REST.PUT.OBJECT", False),
        # Without handlers in the registry.
        ("AWS::DocDB::DBCluster", {}, "rds:CreateDBCluster", True),
        ("AWS::CodeBuild::Project", {}, "codebuild:CreateProject", True),
        # A schema that writes the service in capitals, and one that names actions with a wildcard.
        ("AWS::EC2::PrefixList", {}, "ec2:CreateManagedPrefixList", True),
        ("AWS::Redshift::Cluster", {}, "ec2:Describe*", True),
        # Types of which only the schemas know anything.
        ("AWS::SQS::Queue", {}, "sqs:CreateQueue", True),
    ],
)
def test_actions_follow_types_and_properties(kind: str, properties: dict[str, Any], action: str, needed: bool) -> None:
    assert (action in derive(Thing=resource(kind, **properties))) is needed


@pytest.mark.parametrize(
    ("values", "properties", "arn"),
    [
        (STAGED, {"Name": "plain"}, "secret:plain-??????"),
        (STAGED, {"Name": {"Fn::Sub": "${StagePrefix}-phoenix"}}, "secret:dev-phoenix-??????"),
        (STAGED, {"Name": {"Fn::Join": ["-", [{"Ref": "StagePrefix"}, "x"]]}}, "secret:dev-x-??????"),
        (STAGED, {"Name": {"Fn::Sub": ["${a}-x", {"a": {"Ref": "StagePrefix"}}]}}, "secret:dev-x-??????"),
        (STAGED, {"Name": {"Fn::If": ["C", "x", "x"]}}, "secret:x-??????"),
        # What is not known beforehand is a wildcard.
        (KNOWN, {"Name": {"Fn::Sub": "${StagePrefix}-phoenix"}}, "secret:*-phoenix-??????"),
        (STAGED, {"Name": {"Fn::If": ["C", "x", "y"]}}, "secret:*-??????"),
        (STAGED, {"Name": {"Fn::ImportValue": "x"}}, "secret:*-??????"),
        (STAGED, {}, "secret:*-??????"),
    ],
)
def test_names_of_resources(values: dict[str, str], properties: dict[str, Any], arn: str) -> None:
    found = derive(values, Thing=secret(**properties))["secretsmanager:DeleteSecret"]
    assert found.resources == (f"arn:aws:secretsmanager:eu-west-1:111122223333:{arn}",)


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("dev-phoenix-infrastructure", "dev-phoenix-infrastructure-*"),
        # CloudFormation shortens what would exceed the 63 characters of an identifier.
        ("x" * 40, "*"),
        # So it may be with the longest stage.
        ("${StagePrefix}-phoenix-infrastructure", "*"),
        ("${Unbounded}-x", "*"),
    ],
)
def test_names_that_cloudformation_makes(stack: str, name: str) -> None:
    found = derive(KNOWN | {"AWS::StackName": stack}, ADatabaseInstance=resource("AWS::DocDB::DBInstance"))
    assert f"arn:aws:rds:eu-west-1:111122223333:db:{name}" in found["rds:DeleteDBInstance"].resources


def test_variables_stay_for_the_template_that_the_policy_stands_in() -> None:
    values = {"StagePrefix": "${StagePrefix}"}
    found = derive(values, Thing=secret(Name={"Fn::Sub": "${StagePrefix}-x"}))["secretsmanager:DeleteSecret"]
    assert found.resources == (
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${StagePrefix}-x-??????",
    )


def test_resources_with_generated_ids_are_identified_by_tags() -> None:
    tags = [{"Key": "Stage", "Value": {"Ref": "StagePrefix"}}, {"Key": "Name", "Value": "mine"}]
    other = [{"Key": "Stage", "Value": {"Ref": "StagePrefix"}}, {"Key": "Name", "Value": "yours"}]
    found = derive(A=resource("AWS::EC2::VPC", Tags=tags), B=resource("AWS::EC2::Subnet", Tags=other))
    assert found["ec2:CreateSubnet"].conditions == {"StringEqualsIfExists": {"aws:ResourceTag/Stage": ("dev",)}}
    # What no create handler calls finds the tags that CloudFormation itself gives.
    assert found["ec2:DeleteVpc"].conditions == {
        "StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": ("dev-phoenix-infrastructure",)}
    }
    untagged = derive(KNOWN, A=resource("AWS::EC2::VPC"))
    assert untagged["ec2:DeleteVpc"].conditions == {}


def test_listing_is_allowed_on_everything_of_the_kind() -> None:
    found = derive(Alarm=resource("AWS::CloudWatch::Alarm", AlarmName="mine"))
    assert "arn:aws:cloudwatch:eu-west-1:111122223333:*" in found["cloudwatch:DescribeAlarms"].resources
    assert found["cloudwatch:DeleteAlarms"].resources == ("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:mine",)


def test_a_type_with_unknown_names_gets_the_account() -> None:
    found = derive(Pool=resource("AWS::Cognito::UserPool", UserPoolName="mine"))
    assert found["cognito-idp:DeleteUserPool"].resources == ("arn:aws:cognito-idp:eu-west-1:111122223333:*",)


def test_an_unknown_type_does_not_narrow_what_it_shares_with_a_known_one() -> None:
    """ECS capacity providers are changed by an action on clusters, maybe on those of other stacks."""
    found = derive(
        Cluster=resource("AWS::ECS::Cluster", ClusterName="mine", CapacityProviders=["x"]),
        Link=resource("AWS::ECS::ClusterCapacityProviderAssociations"),
    )
    assert found["ecs:PutClusterCapacityProviders"].resources == ("arn:aws:ecs:eu-west-1:111122223333:*",)
    assert found["ecs:DeleteCluster"].resources == ("arn:aws:ecs:eu-west-1:111122223333:cluster/mine",)


@pytest.mark.parametrize(
    ("values", "kind", "properties", "action", "bucket"),
    [
        (STAGED, "AWS::S3::Bucket", {"BucketName": "mine"}, "s3:DeleteBucket", "mine"),
        (STAGED, "AWS::S3::Bucket", {}, "s3:DeleteBucket", "dev-phoenix-infrastructure-*"),
        (STAGED, "AWS::S3::BucketPolicy", {"Bucket": "his"}, "s3:PutBucketPolicy", "his"),
        (STAGED, "AWS::Lambda::Function", {"Code": {"S3Bucket": "code"}}, "s3:GetObject", "code"),
    ],
)
def test_buckets_are_identified_by_their_names(
    values: dict[str, str], kind: str, properties: dict[str, Any], action: str, bucket: str
) -> None:
    """S3 looks at no tags of buckets: neither Project and Stage nor the stack's own would limit anything."""
    found = derive(values, Thing=resource(kind, Tags=[{"Key": "Stage", "Value": "dev"}], **properties))
    buckets = {arn.removeprefix("arn:aws:s3:::").removesuffix("/*") for arn in found[action].resources}
    assert buckets == {bucket}
    assert not found[action].conditions


def test_buckets_of_which_no_name_is_known_are_those_of_the_account() -> None:
    for thing in (
        resource("AWS::S3::Bucket", BucketName={"Ref": "Unknown"}),
        resource("AWS::MSK::Cluster", ClusterName="mine"),
    ):
        for each in {id(each): each for each in derive(Thing=thing).values()}.values():
            if any(arn.endswith(":s3:::*") for arn in each.resources):
                assert each.conditions == {"StringEquals": {"aws:ResourceAccount": ("111122223333",)}}


def test_code_that_is_written_into_the_template_needs_no_bucket() -> None:
    found = derive(Thing=resource("AWS::Lambda::Function", Code={"ZipFile": "pass"}))
    assert not any(action.startswith("s3:") for action in found)


def test_no_variable_is_left_that_no_template_has() -> None:
    for each in derive(Thing=resource("AWS::MSK::Cluster", ClusterName="mine")).values():
        assert not any("${" in arn for arn in each.resources), each


def role(service: str, **properties: Any) -> dict[str, Any]:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust, **properties)


TASK = {"ExecutionRoleArn": {"Fn::GetAtt": ["A", "Arn"]}}


def test_roles_are_passed_to_those_that_they_trust() -> None:
    permissions = deploy_permissions(
        template(
            A=role("ecs-tasks.amazonaws.com", Path="/a/"),
            B=role("ecs.amazonaws.com", Path="/b/"),
            C=role("ecs-tasks.amazonaws.com", RoleName="c"),
            Task=resource("AWS::ECS::TaskDefinition", **TASK),
        ),
        STAGED,
    )
    passing = {
        each.conditions["StringEquals"]["iam:PassedToService"]: each.resources
        for each in permissions
        if "iam:PassRole" in each.actions
    }
    place = "arn:aws:iam::111122223333:role"
    assert passing == {
        ("ecs-tasks.amazonaws.com",): (f"{place}/a/*", f"{place}/c"),
        ("ecs.amazonaws.com",): (f"{place}/b/*",),
    }


@pytest.mark.parametrize(
    ("given", "sid", "arn"),
    [
        ("arn:aws:iam::1:role/his", "PassOtherRoles", "arn:aws:iam::1:role/his"),
        ({"Ref": "Given"}, "PassOtherRoles", "arn:given"),
        # The name of the parameter stands beside a wildcard.
        ({"Ref": "Unknown"}, "PassRoleFromUnknown", "arn:aws:iam::111122223333:role/*"),
    ],
)
def test_roles_of_others_are_passed_where_the_template_names_them(given: Any, sid: str, arn: str) -> None:
    task = resource("AWS::ECS::TaskDefinition", ExecutionRoleArn=given, TaskRoleArn={"Fn::GetAtt": "Own.Arn"})
    found = deploy_permissions(
        template(Own=role("ecs-tasks.amazonaws.com", RoleName="own"), Task=task), STAGED | {"Given": "arn:given"}
    )
    passing = [each for each in found if "iam:PassRole" in each.actions]
    assert {each.sid: each.resources for each in passing} == {
        "PassRole": ("arn:aws:iam::111122223333:role/own",),
        sid: (arn,),
    }
    assert all(
        each.conditions == {"StringEquals": {"iam:PassedToService": ("ecs-tasks.amazonaws.com",)}} for each in passing
    )


def test_no_role_is_passed_where_nothing_takes_one() -> None:
    assert "iam:PassRole" not in derive(A=role("ecs-tasks.amazonaws.com"), Task=resource("AWS::ECS::TaskDefinition"))


@pytest.mark.parametrize(
    ("boundaries", "condition"),
    [
        (["arn:b"], {"StringEquals": {"iam:PermissionsBoundary": ("arn:b",)}}),
        (["arn:b", "arn:b"], {"StringEquals": {"iam:PermissionsBoundary": ("arn:b",)}}),
        ([None], {}),
        # One condition cannot say which role has which boundary.
        (["arn:b", "arn:c"], {}),
        (["arn:b", None], {}),
    ],
)
def test_roles_need_the_boundary_that_the_template_gives_them(
    boundaries: list[str | None], condition: dict[str, Any]
) -> None:
    roles = {
        f"Role{number}": role("ecs-tasks.amazonaws.com", Path="/x/", **({"PermissionsBoundary": each} if each else {}))
        for number, each in enumerate(boundaries)
    }
    found = derive(**roles)
    assert found["iam:CreateRole"].conditions == condition
    assert "iam:DeleteRolePermissionsBoundary" not in found


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        (
            "{{resolve:secretsmanager:mine:SecretString:password}}",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mine-??????",
        ),
        ("{{resolve:secretsmanager:${Given}:SecretString:password}}", "arn:given"),
        ("{{resolve:secretsmanager:${Not}}}", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"),
        (
            "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:his-a1B2c3:SecretString}}",
            "arn:aws:secretsmanager:eu-west-1:1:secret:his-a1B2c3",
        ),
    ],
)
def test_dynamic_references_are_read(text: str, arn: str) -> None:
    topic = resource("AWS::SNS::Topic", DisplayName={"Fn::Sub": text})
    found = derive(STAGED | {"Given": "arn:given"}, Topic=topic)
    assert found["secretsmanager:GetSecretValue"].resources == (arn,)


def test_other_references() -> None:
    found = derive(
        Topic=resource("AWS::SNS::Topic", DisplayName="{{resolve:ssm:name:1}}", TopicName={"Fn::GetAZs": ""})
    )
    assert "ssm:GetParameters" in found
    assert "ec2:DescribeAvailabilityZones" in found


def test_service_linked_roles_of_a_fresh_account() -> None:
    found = derive(Cluster=resource("AWS::ECS::Cluster"), Database=resource("AWS::DocDB::DBCluster"))
    assert found["iam:CreateServiceLinkedRole"].conditions == {
        "StringEquals": {"iam:AWSServiceName": ("ecs.amazonaws.com", "rds.amazonaws.com")}
    }


@pytest.mark.parametrize(
    ("resources", "services"),
    [
        (
            {"A": ("AWS::ApplicationAutoScaling::ScalableTarget", {"ServiceNamespace": "dynamodb"})},
            ("dynamodb.application-autoscaling.amazonaws.com",),
        ),
        # Not known: by the template, or by this project.
        ({"A": ("AWS::ApplicationAutoScaling::ScalableTarget", {"ServiceNamespace": {"Ref": "X"}})}, None),
        ({"A": ("AWS::ECS::Cluster", {}), "B": ("AWS::AmazonMQ::Broker", {})}, None),
    ],
)
def test_service_linked_roles_of_what_is_not_known(
    resources: dict[str, tuple[str, dict[str, Any]]], services: tuple[str, ...] | None
) -> None:
    found = derive(**{name: resource(kind, **properties) for name, (kind, properties) in resources.items()})
    conditions = found["iam:CreateServiceLinkedRole"].conditions
    assert conditions == ({"StringEquals": {"iam:AWSServiceName": services}} if services else {})


def test_unknown_types_are_refused_by_name() -> None:
    with pytest.raises(UnknownNeedsError, match=r"AWS::Custom::Nothing, Custom::Thing: .*supplements\.py"):
        derive(A=resource("Custom::Thing"), B=resource("AWS::Custom::Nothing"), C=secret())


def test_the_boundary_is_the_sum_of_the_roles() -> None:
    def policy(**elements: Any) -> dict[str, Any]:
        return {"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Allow"} | elements]}}

    found = boundary_permissions(
        template(
            Secret=secret(Name="mine"),
            A=role("ecs-tasks.amazonaws.com", Policies=[policy(Action="s3:Get*", Resource={"Ref": "Secret"})]),
            B=role(
                "ecs-tasks.amazonaws.com",
                Policies=[
                    policy(Action=["s3:Get*"], Resource=[{"Ref": "Secret"}]),
                    policy(Action=["b:C", "a:B"], Resource="*", Condition={"Bool": {"x:y": "true"}}),
                    policy(Effect="Deny", Action="*", Resource="*"),
                ],
            ),
        ),
        KNOWN,
    )
    assert [(each.actions, each.resources, each.conditions) for each in found] == [
        (
            ("s3:Get*",),
            ("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:mine-??????",),
            {},
        ),
        (("a:B", "b:C"), ("*",), {"Bool": {"x:y": ("true",)}}),
    ]


def permission(size: int) -> Permission:
    return Permission("S", ("a:" + "B" * size,), ("*",), {})


def test_size_counts_what_iam_counts_at_its_longest() -> None:
    one = Permission(
        "S", ("a:B",), ("arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:${StagePrefix}-${Role}",), {}
    )
    arn = f"arn:aws-us-gov:x:ap-southeast-1:{'1' * 12}:{'x' * 20}-{'x' * 150}"
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "S", "Effect": "Allow", "Action": ["a:B"], "Resource": [arn]}],
    }
    assert policy_size([one], {"StagePrefix": 20}) == len(json.dumps(document, separators=(",", ":")))


def test_what_does_not_fit_the_role_stands_in_managed_policies() -> None:
    permissions = [permission(5_000) for _ in range(4)]
    documents = policy_documents("it", permissions, {})
    sizes = [len("".join(each.to_json().split())) for each in documents]
    assert len(sizes) == 3
    assert sizes[0] <= ROLE_INLINE_LIMIT
    assert all(size <= MANAGED_POLICY_LIMIT for size in sizes[1:])


@pytest.mark.parametrize(
    "permissions", [[permission(11_000)], [permission(5_000)] * 20, [permission(10_000), permission(7_000)]]
)
def test_what_iam_would_refuse_is_refused_here(permissions: list[Permission]) -> None:
    with pytest.raises(PolicyTooLargeError, match=r"it may have \d+ characters, \d+ more than the limit of \d+ in IAM"):
        policy_documents("it", permissions, {})


def test_awacs_and_plain_data_say_the_same() -> None:
    one = Permission(
        "S", ("a:B",), ("arn:x",), {"StringEquals": {"k:1": ("a",), "k:2": ("b", "c")}, "Bool": {"k:3": ("true",)}}
    )
    (document,) = policy_documents("it", [one], {})
    assert json.loads(document.to_json())["Statement"] == [one.to_json()]


@pytest.mark.parametrize("sids", [["Run", "Run2", "Run"], ["Run", "Run", "Run2"], ["Run", "Run", "Run", "Walk"]])
def test_every_statement_has_a_sid_of_its_own_also_among_numbered_ones(sids: list[str]) -> None:
    """A record of earlier roles has numbered Sids, and new roles have the plain ones."""
    given = [Permission(sid, (f"ecs:Action{number}",), ("*",), {}) for number, sid in enumerate(sids)]
    found = with_own_sids(given)
    assert len({each.sid for each in found}) == len(sids)
    assert [each.actions for each in found] == [each.actions for each in given]
    assert found[0].sid == "Run"
