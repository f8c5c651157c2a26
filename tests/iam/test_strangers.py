"""Templates of others: small ones that each stand for a kind, and what the policy for them allows and denies.

The policy is read as IAM reads it, and asked by the evaluator.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from phoenix_cfn.cli import iam
from phoenix_cfn.errors import PhoenixError
from tests.iam.account import ACCOUNT, PSEUDO, REGION
from tests.iam.evaluator import Role

PSEUDO_SET = [f"--set={name}={value}" for name, value in {**PSEUDO, "AWS::StackName": "shop"}.items()]
EC2, ROLE = f"arn:aws:ec2:{REGION}:{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:role"
_TRUST = "{Statement: [{Effect: Allow, Principal: {Service: %s}, Action: 'sts:AssumeRole'}]}"
TO = "iam:PassedToService"


def own_role(service: str, name: str = "Role", more: str = "") -> str:
    trust = _TRUST % service
    return f"{name}: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {trust}{more}}}}}"


@dataclass(frozen=True)
class Case:
    """What a template of these sections leads to. `allowed` and `denied` are actions on ARNs, in a context."""

    title: str
    template: str
    allowed: tuple[tuple[str, str, dict[str, str]], ...] = ()
    denied: tuple[tuple[str, str, dict[str, str]], ...] = ()
    arguments: tuple[str, ...] = field(default=())


def topic(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


LAMBDA, ECS_TASKS = {TO: "lambda.amazonaws.com"}, {TO: "ecs-tasks.amazonaws.com"}
CASES = [
    Case(
        "a loop is written out",
        """
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Topics:
    - Name
    - [North, South]
    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "orders-${Name}"}}
""",
        allowed=(("sns:CreateTopic", topic("orders-North"), {}), ("sns:DeleteTopic", topic("orders-South"), {})),
        denied=(("sns:CreateTopic", topic("orders-East"), {}),),
    ),
    Case(
        "a loop over a list that is not known is one over anything",
        """
Transform: [AWS::LanguageExtensions]
Parameters: {Names: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "orders-${Name}"}}
""",
        allowed=(("sns:CreateTopic", topic("orders-East"), {}),),
        denied=(("sns:CreateTopic", topic("bills-East"), {}),),
    ),
    Case(
        "a loop over a list that is set",
        """
Transform: [AWS::LanguageExtensions]
Parameters: {Names: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "orders-${Name}"}}
""",
        allowed=(("sns:CreateTopic", topic("orders-East"), {}),),
        denied=(("sns:CreateTopic", topic("orders-North"), {}),),
        arguments=("--set=Names=East, West",),
    ),
    Case(
        "the service that a role trusts is written with a pseudo parameter",
        f"""
Resources:
  {own_role('!Sub "ec2.${AWS::URLSuffix}"')}
  Profile: {{Type: AWS::IAM::InstanceProfile, Properties: {{Roles: [!Ref Role]}}}}
  Host: {{Type: AWS::EC2::Instance, Properties: {{ImageId: ami-0a, IamInstanceProfile: !Ref Profile}}}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/shop-Role-1", {TO: "ec2.amazonaws.com"}),),
        denied=(
            ("iam:PassRole", f"{ROLE}/shop-Role-1", {}),
            ("iam:PassRole", f"{ROLE}/other", {TO: "ec2.amazonaws.com"}),
        ),
    ),
    Case(
        "the trust policy is JSON text",
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: '{"Statement": {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}}}'
  Function:
    Type: AWS::Lambda::Function
    Properties: {Handler: a.b, Runtime: python3.13, Role: !GetAtt Role.Arn, Code: {ZipFile: pass}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/shop-Role-1", LAMBDA),),
        denied=(("iam:PassRole", f"{ROLE}/shop-Role-1", ECS_TASKS),),
    ),
    Case(
        "the trust policy depends on a condition, and is not known in one case",
        """
Conditions: {Far: !Equals [!Ref "AWS::Region", eu-west-1]}
Parameters: {Trust: {Type: String}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: !If [Far, !Ref Trust, {Statement: []}]}}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Handler: a.b, Runtime: python3.13, Role: !GetAtt Role.Arn, Code: {ZipFile: pass}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/shop-Role-1", LAMBDA),),
        denied=(("iam:PassRole", f"{ROLE}/shop-Role-1", ECS_TASKS),),
    ),
    Case(
        "the key of a tag is a reference",
        """
Parameters: {Key: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: a, Tags: [{Key: !Ref Key, Value: b}]}}
""",
        allowed=(("sns:CreateTopic", topic("a"), {}),),
    ),
    Case(
        "the template's tags do not identify what is created in an existing network",
        f"""
Parameters: {{Vpc: {{Type: AWS::EC2::VPC::Id}}, Subnet: {{Type: AWS::EC2::Subnet::Id}}}}
Resources:
  Wall: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: in, VpcId: !Ref Vpc}}}}
  {own_role("ec2.amazonaws.com")}
  Profile: {{Type: AWS::IAM::InstanceProfile, Properties: {{Roles: [!Ref Role]}}}}
  Host:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0a
      SubnetId: !Ref Subnet
      SecurityGroupIds: [!Ref Wall]
      IamInstanceProfile: !Ref Profile
      Tags: [{{Key: Name, Value: bastion}}]
""",
        allowed=(
            ("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-0a", {"aws:ResourceTag/Name": "main"}),
            ("ec2:CreateSecurityGroup", f"{EC2}:security-group/sg-0a", {}),
            ("ec2:RunInstances", f"{EC2}:subnet/subnet-0a", {"aws:ResourceTag/Name": "private"}),
            ("ec2:RunInstances", f"arn:aws:ec2:{REGION}::image/ami-0a", {}),
            ("ec2:TerminateInstances", f"{EC2}:instance/i-0a", {"aws:ResourceTag/Name": "bastion"}),
        ),
        denied=(
            ("ec2:DeleteSecurityGroup", f"{EC2}:security-group/sg-0a", {"aws:ResourceTag/Name": "main"}),
            ("ec2:TerminateInstances", f"{EC2}:instance/i-0a", {"aws:ResourceTag/Name": "main"}),
        ),
    ),
    Case(
        "the network is one that is set",
        """
Parameters: {Vpc: {Type: AWS::EC2::VPC::Id}}
Resources:
  Wall: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: in, VpcId: !Ref Vpc}}
""",
        allowed=(("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-0a", {}),),
        denied=(("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-0b", {}),),
        arguments=("--set=Vpc=vpc-0a",),
    ),
    Case(
        "without a network, a security group is in the default one",
        "Resources: {Wall: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: in}}}",
        allowed=(("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-0a", {}),),
    ),
    Case(
        "rules, routes and listeners are added to what others have",
        """
Parameters: {Group: {Type: String}, Table: {Type: String}, Balancer: {Type: String}, Listener: {Type: String}}
Resources:
  Rule: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref Group, IpProtocol: tcp}}
  Route: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0}}
  Table2: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !ImportValue Vpc, Tags: [{Key: Stage, Value: a}]}}
  Second: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref Balancer}}
  Path: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener}}
""",
        allowed=(
            ("ec2:AuthorizeSecurityGroupIngress", f"{EC2}:security-group/sg-0a", {"aws:ResourceTag/Stage": "b"}),
            ("ec2:CreateRoute", f"{EC2}:route-table/rtb-0a", {"aws:ResourceTag/Stage": "b"}),
            ("ec2:CreateRouteTable", f"{EC2}:vpc/vpc-0a", {"aws:ResourceTag/Stage": "b"}),
            (
                "elasticloadbalancing:CreateListener",
                f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/net/a/0",
                {"aws:ResourceTag/Stage": "b"},
            ),
            (
                "elasticloadbalancing:CreateRule",
                f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/a/0/1",
                {"aws:ResourceTag/Stage": "b"},
            ),
        ),
        denied=(("ec2:DeleteRouteTable", f"{EC2}:route-table/rtb-0a", {}),),
    ),
    Case(
        "a key of others",
        """
Parameters: {Key: {Type: String}}
Resources:
  Queue: {Type: AWS::SNS::Topic, Properties: {TopicName: a, KmsMasterKeyId: !Ref Key, Tags: [{Key: A, Value: b}]}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: a, KmsKeyId: !Ref Key, Tags: [{Key: A, Value: b}]}}
""",
        allowed=(
            (
                "kms:GenerateDataKey",
                f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0",
                {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com", "aws:ResourceTag/A": "c"},
            ),
        ),
    ),
    Case(
        "Ref of a role is its name",
        f"""
Resources:
  {own_role("ecs-tasks.amazonaws.com")}
  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{ExecutionRoleArn: !Ref Role}}}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/shop-Role-1", ECS_TASKS),),
        denied=(("iam:PassRole", f"{ROLE}/other", ECS_TASKS),),
    ),
    Case(
        "a role is named by its ARN and by its name",
        f"""
Resources:
  {own_role("ecs-tasks.amazonaws.com", "One", ", RoleName: one")}
  {own_role("ecs-tasks.amazonaws.com", "Two", ", RoleName: two")}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ExecutionRoleArn: !Sub "arn:aws:iam::${{AWS::AccountId}}:role/one", TaskRoleArn: two}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/one", ECS_TASKS), ("iam:PassRole", f"{ROLE}/two", ECS_TASKS)),
        denied=(("iam:PassRole", f"{ROLE}/three", ECS_TASKS), ("iam:PassRole", f"{ROLE}/two", LAMBDA)),
    ),
    Case(
        "roles that no service trusts, in an object",
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [{Principal: {Federated: cognito-identity.amazonaws.com}}]}}
  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: false}}
  Link:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: {IdentityPoolId: !Ref Pool, Roles: {authenticated: !GetAtt Role.Arn, unauthenticated: theirs}}
""",
        allowed=(
            ("iam:PassRole", f"{ROLE}/shop-Role-1", {TO: "cognito-identity.amazonaws.com"}),
            ("iam:PassRole", f"{ROLE}/theirs", {TO: "cognito-identity.amazonaws.com"}),
        ),
        denied=(("iam:PassRole", f"{ROLE}/shop-Role-1", LAMBDA),),
    ),
    Case(
        "a role is the template's own or comes from outside, by a condition",
        f"""
Parameters: {{Given: {{Type: String}}}}
Conditions: {{None: !Equals [!Ref Given, ""]}}
Resources:
  {own_role("lambda.amazonaws.com")}
  Function:
    Type: AWS::Lambda::Function
    Properties: {{Role: !If [None, !GetAtt Role.Arn, !Ref Given], Code: {{ZipFile: pass}}}}
""",
        allowed=(
            ("iam:PassRole", f"{ROLE}/shop-Role-1", LAMBDA),
            ("iam:PassRole", f"{ROLE}/theirs", LAMBDA),
        ),
        denied=(("iam:PassRole", f"{ROLE}/other", LAMBDA), ("iam:PassRole", f"{ROLE}/theirs", ECS_TASKS)),
        arguments=(f"--set=Given={ROLE}/theirs",),
    ),
    Case(
        "an instance profile of others has a role",
        """
Parameters: {Profile: {Type: String}}
Resources: {Host: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-0a, IamInstanceProfile: !Ref Profile}}}
""",
        allowed=(("iam:PassRole", f"{ROLE}/theirs", {TO: "ec2.amazonaws.com"}),),
        denied=(("iam:PassRole", f"{ROLE}/theirs", LAMBDA),),
    ),
    Case(
        "names of lists and parts that are not known",
        f"""
Parameters: {{Names: {{Type: CommaDelimitedList}}}}
Resources:
  {own_role("ecs-tasks.amazonaws.com", "Role", ', RoleName: !Join ["-", !Split ["/", !Ref Names]]')}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Join ["-", !Ref Names]}}}}
""",
        allowed=(("iam:CreateRole", f"{ROLE}/any", {}), ("sns:CreateTopic", topic("any"), {})),
    ),
    Case(
        "names from lists and mappings that are known",
        """
Parameters: {Names: {Type: CommaDelimitedList}}
Mappings: {Names: {eu-west-1: {Dead: graveyard}}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Join ["-", !Ref Names]}}
  Other: {Type: AWS::SNS::Topic, Properties: {TopicName: !FindInMap [Names, !Ref "AWS::Region", Dead]}}
""",
        allowed=(("sns:CreateTopic", topic("a-b"), {}), ("sns:CreateTopic", topic("graveyard"), {})),
        denied=(("sns:CreateTopic", topic("any"), {}),),
        arguments=("--set=Names=a,b",),
    ),
    Case(
        "a name that a condition leaves out",
        """
Conditions: {Named: !Equals [!Ref "AWS::Region", eu-west-1]}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !If [Named, mine, !Ref "AWS::NoValue"]}}
""",
        allowed=(("sns:CreateTopic", topic("mine"), {}), ("sns:CreateTopic", topic("shop-Topic-1"), {})),
        denied=(("sns:CreateTopic", topic("other"), {}),),
    ),
    Case(
        "tags that differ by a condition, and tags in a map",
        """
Conditions: {Big: !Equals [!Ref "AWS::Region", eu-west-1]}
Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16
      Tags: !If [Big, [{Key: Stage, Value: a}, {Key: Size, Value: big}], [{Key: Stage, Value: a}]]
  Part: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, Tags: [{Key: Stage, Value: a}, {Key: Size, Value: s}]}}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Name: a, Type: String, Value: b, Tags: {Stage: a, Size: b}}}
""",
        allowed=(
            ("ec2:CreateSubnet", f"{EC2}:vpc/vpc-0a", {"aws:ResourceTag/Stage": "a", "aws:ResourceTag/Size": "big"}),
        ),
        denied=(("ec2:CreateSubnet", f"{EC2}:vpc/vpc-0a", {"aws:ResourceTag/Stage": "b"}),),
    ),
    Case(
        "policies, profiles and keys for roles, users and groups of others",
        """
Parameters: {Role: {Type: String}, User: {Type: String}, Group: {Type: String}}
Resources:
  A: {Type: AWS::IAM::Policy, Properties: {PolicyName: a, Roles: [!Ref Role], PolicyDocument: {}}}
  B: {Type: AWS::IAM::ManagedPolicy, Properties: {Groups: [!Ref Group], PolicyDocument: {}}}
  C: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User}}
""",
        allowed=(
            ("iam:PutRolePolicy", f"{ROLE}/theirs", {}),
            ("iam:AttachGroupPolicy", f"arn:aws:iam::{ACCOUNT}:group/any", {}),
            ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/any", {}),
        ),
        denied=(
            ("iam:PutRolePolicy", f"{ROLE}/other", {}),
            ("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/any", {}),
            ("iam:AttachRolePolicy", f"{ROLE}/theirs", {}),
        ),
        arguments=("--set=Role=theirs",),
    ),
    Case(
        "parameters of the Parameter Store that are of no account",
        """
Parameters: {Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/service/ami/x}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Image}}}
""",
        allowed=(
            ("ssm:GetParameters", f"arn:aws:ssm:{REGION}::parameter/aws/service/ami/x", {}),
            # The value is not the name that the parameter has.
            ("sns:CreateTopic", topic("any"), {}),
        ),
        arguments=("--set=Image=/aws/service/ami/y",),
    ),
    Case(
        "custom resources are made by a function or a topic",
        """
Parameters: {Token: {Type: String}}
Resources:
  A: {Type: Custom::Thing, Properties: {ServiceToken: !GetAtt Maker.Arn}}
  B: {Type: AWS::CloudFormation::CustomResource, Properties: {ServiceToken: !Ref Asked}}
  Maker: {Type: AWS::Lambda::Function, Properties: {FunctionName: maker, Role: theirs, Code: {ZipFile: pass}}}
  Asked: {Type: AWS::SNS::Topic, Properties: {TopicName: asked}}
""",
        allowed=(
            ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:maker", {}),
            ("sns:Publish", topic("asked"), {}),
        ),
        denied=(
            ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other", {}),
            ("sns:Publish", topic("other"), {}),
        ),
    ),
    Case(
        "wait conditions need nothing",
        """
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref Handle, Timeout: "60"}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}
""",
        allowed=(("sns:CreateTopic", topic("a"), {}),),
        denied=(("sns:CreateTopic", topic("b"), {}),),
    ),
    Case(
        "a bucket that is not known besides one that is",
        """
Parameters: {Code: {Type: String}}
Resources:
  A: {Type: AWS::Lambda::Function, Properties: {Role: theirs, Code: {S3Bucket: known, S3Key: a}}}
  B: {Type: AWS::Lambda::Function, Properties: {Role: theirs, Code: {S3Bucket: !Ref Code, S3Key: a}}}
""",
        allowed=(
            ("s3:GetObject", "arn:aws:s3:::known/a", {"aws:ResourceAccount": "999999999999"}),
            ("s3:GetObject", "arn:aws:s3:::any/a", {"aws:ResourceAccount": ACCOUNT}),
        ),
        denied=(("s3:GetObject", "arn:aws:s3:::any/a", {"aws:ResourceAccount": "999999999999"}),),
    ),
    Case(
        "a value that decides which actions are needed is not known",
        """
Parameters: {Namespace: {Type: String}}
Resources:
  Target: {Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {ServiceNamespace: !Ref Namespace}}
""",
        allowed=(
            (
                "lambda:PutProvisionedConcurrencyConfig",
                f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a:b",
                {},
            ),
        ),
    ),
    Case(
        "the boundary of a role is a policy of the template, whose name is a pattern",
        f"""
Resources:
  Most: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {{Statement: []}}}}}}
  {own_role("lambda.amazonaws.com", "Role", ", PermissionsBoundary: !Ref Most")}
""",
        allowed=(
            (
                "iam:CreateRole",
                f"{ROLE}/shop-Role-1",
                {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/shop-Most-1"},
            ),
        ),
        denied=(("iam:CreateRole", f"{ROLE}/shop-Role-1", {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/x"}),),
    ),
    Case(
        "secrets that references name with variables, and in parts",
        """
Parameters: {Name: {Type: String}}
Resources:
  A:
    Type: AWS::SNS::Topic
    Properties: {TopicName: a, DisplayName: !Sub "{{resolve:secretsmanager:${Name}-x:SecretString:y}}"}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Join ["", ["{{resolve:ssm:/", !Ref Name, "}}"]]}}
""",
        allowed=(
            (
                "secretsmanager:GetSecretValue",
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mine-x-a1B2c3",
                {},
            ),
            ("sns:CreateTopic", topic("any"), {}),
        ),
        denied=(
            (
                "secretsmanager:GetSecretValue",
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-a1B2c3",
                {},
            ),
        ),
        arguments=("--set=Name=mine",),
    ),
]


def statements(template: str, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    path = folder / "template.yml"
    path.write_text(template, encoding="utf-8")
    assert iam.main([str(path), "--json", *PSEUDO_SET, *arguments], folder, "phoenix-cfn iam") == 0
    return json.loads(capsys.readouterr().out)["Statement"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_is_allowed(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    role = Role(({"Statement": statements(case.template, tmp_path, capsys, *case.arguments)},))
    for action, arn, context in case.allowed:
        assert role.may(action, arn, context), (action, arn, context)
    for action, arn, context in case.denied:
        assert not role.may(action, arn, context), (action, arn, context)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_policy_is_plain_json_that_iam_takes(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = statements(case.template, tmp_path, capsys, *case.arguments)
    sids = [each["Sid"] for each in found]
    assert len(set(sids)) == len(sids)
    for each in found:
        assert re.fullmatch("[A-Za-z0-9]+", each["Sid"])
        assert each["Action"]
        assert each["Resource"]
        for arn in each["Resource"]:
            assert arn == "*" or re.fullmatch(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:[ -~]+", arn), arn
        if "iam:PassRole" in each["Action"]:
            assert TO in str(each["Condition"])
            everything = any(arn.endswith(":role/*") for arn in each["Resource"])
            assert everything is each["Sid"].startswith("PassRoleFrom")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Resources: [{Type: AWS::SNS::Topic}]", "its Resources are not an object"),
        ("Resources: {Fn::ForEach::A: x}", "the loop Fn::ForEach::A"),
        ("Resources: {Fn::ForEach::A: [N, [a], {'T${N}': {Properties: {}}}]}", "Ta: it has no Type"),
        ("Resources: {A: {Type: 'Custom::Thing'}}", "Custom::Thing: the custom resource A has no ServiceToken"),
        ("Resources: {A: {Type: 'Our::Own::Thing'}}", r"Our::Own::Thing: it is not a type of AWS.*\(A\)"),
        (
            "Resources: {A: {Type: 'Our::Own::Thing::MODULE'}}",
            "a module is expanded only in a deployment.*--transformed",
        ),
        ("Resources: {A: {Type: 'AWS::SNS::Tropic'}}", "AWS::SNS::Tropic: cfn-lint .* does not have this type"),
        ("Resources: {A: {Type: 'AWS::EMR::Cluster'}}", "lists no handler permissions"),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: 'AWS::Serverless::Function'}}",
            "the transform AWS::Serverless-2016-10-31, .*--transformed",
        ),
        ("Transform: [Ours]\nResources: {A: {Type: 'AWS::SNS::Topic'}}", "the transform Ours, "),
        (
            "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {Fn::Transform: {Name: Ours}}}}",
            "Fn::Transform, a macro",
        ),
        (
            "Resources: {A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://x.y/z.yml'}}}",
            "the nested stack A: .*https://x.y/z.yml.*--child A=FILE",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_the_reason(
    template: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PhoenixError, match=message):
        statements(template, tmp_path, capsys)
    assert capsys.readouterr().out == ""


def test_all_that_is_not_known_is_listed_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = "Resources: {A: {Type: 'Custom::A'}, B: {Type: 'Our::Own::B'}, C: {Type: 'AWS::CloudFormation::Stack'}}"
    with pytest.raises(PhoenixError) as error:
        statements(template, tmp_path, capsys)
    assert re.findall("unknown for (?:the nested stack )?([A-Za-z:]+):", str(error.value)) == [
        "Custom::A",
        "Our::Own::B",
        "C",
    ]


def test_a_role_from_outside_stands_beside_its_parameter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.yml"
    path.write_text(
        "Parameters: {Given: {Type: String}}\n"
        "Resources: {A: {Type: AWS::Lambda::Function, Properties: {Role: !Ref Given, Code: {ZipFile: a}}}}"
    )
    assert iam.main([str(path), "--json", *PSEUDO_SET], tmp_path, "iam") == 0
    printed = capsys.readouterr()
    passing = [each for each in json.loads(printed.out)["Statement"] if each["Action"] == ["iam:PassRole"]]
    assert [(each["Sid"], each["Resource"]) for each in passing] == [("PassRoleFromGiven", [f"{ROLE}/*"])]
    assert "--set Given=ARN" in printed.err


def outcome(path: Path) -> str:
    """The error for a template, empty for a policy."""
    try:
        return "" if iam.main([str(path), "--json", *PSEUDO_SET], path.parent, "iam") == 0 else "another exit code"
    except PhoenixError as error:
        return str(error)


_PLACES = [
    ("Resources", "Host", "Properties"),
    ("Resources", "Host", "Properties", "Tags"),
    ("Resources", "Host", "Properties", "Tags", 0),
    ("Resources", "Host", "Properties", "Tags", 0, "Key"),
    ("Resources", "Host", "Properties", "SecurityGroupIds"),
    ("Resources", "Host", "Properties", "IamInstanceProfile"),
    ("Resources", "Role", "Properties", "AssumeRolePolicyDocument"),
    ("Resources", "Role", "Properties", "AssumeRolePolicyDocument", "Statement"),
    ("Resources", "Role", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Principal"),
    ("Resources", "Role", "Properties", "RoleName"),
    ("Resources", "Role", "Properties", "Path"),
    ("Resources", "Role", "Properties", "PermissionsBoundary"),
    ("Resources", "Role"),
    ("Parameters", "Given"),
    ("Parameters",),
    ("Mappings",),
    ("Outputs",),
]
_VALUES: list[Any] = [
    None,
    [],
    {},
    5,
    True,
    "text",
    [[["deep"]]],
    {"Ref": {"Fn::Sub": "${a}"}},
    {"Ref": "Nothing"},
    {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, {"Ref": "Given"}]},
    {"Fn::If": "text"},
    {"Fn::GetAtt": ["one"]},
    {"Fn::GetAtt": {"a": 1}},
    {"Fn::Sub": []},
    {"Fn::Sub": ["${a}${b.c}", {"a": {"Fn::ImportValue": "x"}}]},
    {"Fn::Join": "text"},
    {"Fn::Join": [{"Ref": "Given"}, ["a"]]},
    {"Fn::FindInMap": ["a", {"Ref": "Given"}, "b"]},
    {"Fn::ForEach::A": 5},
    {"a": 1, "b": {"Fn::Select": [0, {"Fn::GetAZs": ""}]}},
    "{{resolve:ssm:/a}}",
    "${unescaped}",
]


@pytest.mark.parametrize("place", _PLACES, ids=lambda place: ".".join(map(str, place)))
def test_any_value_at_any_place_gives_a_policy_or_a_reason(
    place: tuple[str | int, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in _VALUES:
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}]}
        properties = {"RoleName": "a", "Path": "/", "PermissionsBoundary": "arn:x", "AssumeRolePolicyDocument": trust}
        host = {"Tags": [{"Key": "a", "Value": "b"}], "SecurityGroupIds": ["sg-0a"], "IamInstanceProfile": "a"}
        template: dict[str, Any] = {
            "Parameters": {"Given": {"Type": "String"}},
            "Mappings": {},
            "Outputs": {},
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": properties},
                "Host": {"Type": "AWS::EC2::Instance", "Properties": host},
            },
        }
        node: Any = template
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = value
        path = tmp_path / "template.json"
        path.write_text(json.dumps(template))
        assert "does not accept" not in outcome(path), value
        assert not re.search(r"\$\{|Fn::|\{\{", capsys.readouterr().out), value
