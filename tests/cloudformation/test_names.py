"""Names: the table agrees with the registry, and a physical name is as known as CloudFormation makes it."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation.names import NAMES, REF_IS_ARN, REF_IS_URL, Naming, physical_name
from phoenix_cfn.cloudformation.resource_types import resource_type
from tests.cloudformation.reading import stack


@pytest.mark.parametrize("name", NAMES)
def test_the_property_is_one_that_a_template_sets(name: str) -> None:
    kind = resource_type(name)
    assert kind is not None
    assert NAMES[name].property in kind.schema["properties"]
    assert (NAMES[name].property,) not in kind.read_only


@pytest.mark.parametrize("name", [name for name, naming in NAMES.items() if naming.length is not None])
def test_the_length_is_not_more_than_the_registry_allows(name: str) -> None:
    kind = resource_type(name)
    assert kind is not None
    published = kind.schema["properties"][NAMES[name].property].get("maxLength")
    assert published is None or (NAMES[name].length or 0) <= published


@pytest.mark.parametrize("name", [name for name, naming in NAMES.items() if naming.attributes])
def test_an_attribute_that_is_the_name_exists(name: str) -> None:
    kind = resource_type(name)
    assert kind is not None
    # Besides the read-only ones, a topic has the name that a template sets.
    assert {(attribute,) for attribute in NAMES[name].attributes} <= {*kind.read_only, (NAMES[name].property,)}


def test_which_references_are_the_name() -> None:
    naming = Naming("Name", ref=True, attributes=("FullName",))
    assert [naming.is_name(attribute) for attribute in ("", "FullName", "Arn")] == [True, True, False]
    assert not Naming("Name").is_name("")


@pytest.mark.parametrize("name", sorted({*REF_IS_ARN, *REF_IS_URL} & NAMES.keys()))
def test_a_reference_is_one_thing(name: str) -> None:
    assert not NAMES[name].ref


RESOURCES = """
Parameters: {Stage: {Type: String}}
Resources:
  Given: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Sub '${Stage}-shop'}}
  Topic: {Type: AWS::SNS::Topic}
  Role: {Type: AWS::IAM::Role}
  Database: {Type: AWS::DocDB::DBCluster}
  Secret: {Type: AWS::SecretsManager::Secret}
  Vpc: {Type: AWS::EC2::VPC}
  Stranger: {Type: Some::New::Type, Properties: {Name: x}}
"""


@pytest.mark.parametrize(
    ("logical_id", "stack_name", "expected", "given"),
    [
        ("Given", None, "${Stage}-shop", True),
        ("Stranger", None, "x", True),
        ("Topic", None, "${AWS::StackName}-Topic-${Fn::Generated.Topic}", False),
        ("Topic", "Shop", "${AWS::StackName}-Topic-${Fn::Generated.Topic}", False),
        # A stack's name of 128 characters would be shortened.
        ("Role", None, None, False),
        ("Role", "Shop", "${AWS::StackName}-Role-${Fn::Generated.Role}", False),
        ("Role", "a" * 60, None, False),
        ("Database", "Shop", "${AWS::StackName}-database-${Fn::Generated.Database}", False),
        ("Secret", "Shop", None, False),
        ("Vpc", "Shop", None, False),
    ],
)
def test_a_physical_name(logical_id: str, stack_name: str | None, expected: str | None, given: bool) -> None:
    read = stack(RESOURCES, values={"AWS::StackName": stack_name} if stack_name else {})
    found = physical_name(read.resources[logical_id])
    assert (str(found.text) if found.text else None, found.given) == (expected, given)


def test_the_length_of_the_stack_name_may_be_known_alone() -> None:
    role = stack(RESOURCES).resources["Role"]
    assert physical_name(role, stack_name_length=40).text is not None
    assert physical_name(role, stack_name_length=60).text is None
