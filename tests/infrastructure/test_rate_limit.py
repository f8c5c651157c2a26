"""The rate limit by address."""

from __future__ import annotations

from phoenix_cfn import Settings, infrastructure, pipeline
from tests.stack import Stack, get_att, ref, text

LIMITED = {"load_balancer": {"rate_limit": 300}}
STACK = Stack(infrastructure.template(Settings.of(LIMITED)))
RELEASE = Stack(pipeline.template(Settings.of(LIMITED)))


def test_an_address_beyond_the_limit_is_refused_and_every_other_is_served() -> None:
    acl = STACK.properties("WebAcl")
    (rule,) = acl["Rules"]
    assert rule["Statement"] == {
        "RateBasedStatement": {"AggregateKeyType": "IP", "EvaluationWindowSec": 60, "Limit": 300}
    }
    assert rule["Action"] == {"Block": {"CustomResponse": {"ResponseCode": 429}}}
    assert acl["DefaultAction"] == {"Allow": {}}
    assert acl["Scope"] == "REGIONAL"


def test_it_stands_before_the_load_balancer() -> None:
    assert STACK.properties("WebAclAssociation") == {
        "ResourceArn": ref("LoadBalancer"),
        "WebACLArn": get_att("WebAcl", "Arn"),
    }


def test_there_is_none_unless_it_is_chosen() -> None:
    default = Stack(infrastructure.template(Settings()))
    assert not default.of_type("AWS::WAFv2::WebACL")
    assert "waf" not in text(pipeline.template(Settings()).to_dict()).lower()


def test_the_deploy_role_creates_this_acl_only_and_calls_no_other_service() -> None:
    documents = [RELEASE.properties("DeployRole")["Policies"][0]["PolicyDocument"]]
    documents += [each["PolicyDocument"] for each in RELEASE.of_type("AWS::IAM::ManagedPolicy").values()]
    statements = [each for document in documents for each in document["Statement"]]
    (creating,) = [each for each in statements if "wafv2:CreateWebACL" in each["Action"]]
    assert creating["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:wafv2:${AWS::Region}:${AWS::AccountId}:*/webacl/${StagePrefix}-phoenix/*"}
    ]
    actions = {action for each in statements for action in each["Action"]}
    assert "elasticloadbalancing:SetWebACL" in actions
    assert {"wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"} <= actions
    others = ("apigateway:", "apprunner:", "appsync:", "amplify:", "bedrock-", "cognito-idp:", "payments:")
    assert not [action for action in actions if action.startswith(others)]
