"""Resource types: what the registry says, and that a type that it does not have is unknown."""

from __future__ import annotations

import pytest

from phoenix_cfn.cloudformation import schemas
from phoenix_cfn.cloudformation.resource_types import ResourceType, resource_type


def known(name: str) -> ResourceType:
    found = resource_type(name)
    assert found is not None
    return found


def test_which_properties_replace() -> None:
    service = known("AWS::ECS::Service")
    assert ("ServiceName",) in service.create_only
    assert ("DesiredCount",) not in service.create_only
    assert ("InstanceTenancy",) in known("AWS::EC2::VPC").conditional_create_only


def test_which_properties_are_attributes() -> None:
    assert ("Arn",) in known("AWS::IAM::Role").read_only
    assert ("Endpoint", "Address") in known("AWS::RDS::DBInstance").read_only
    assert ("SecretString",) in known("AWS::SecretsManager::Secret").write_only


def test_what_identifies_a_resource() -> None:
    assert known("AWS::S3::Bucket").primary_identifier == (("BucketName",),)
    assert len(known("AWS::ECS::Service").primary_identifier) == 2


def test_permissions_by_handler() -> None:
    cluster = known("AWS::ECS::Cluster")
    assert "ecs:CreateCluster" in cluster.permissions["create"]
    assert "ecs:DeleteCluster" in cluster.permissions["delete"]
    assert known("AWS::DocDB::DBCluster").permissions == {}, "its schema has no handlers"
    assert "update" not in known("AWS::Lambda::Permission").permissions


def test_tags() -> None:
    assert known("AWS::ECS::Cluster").tag_property == ("Tags",)
    assert known("AWS::ECS::Cluster").tagged_by_cloudformation
    assert "ecs:TagResource" in known("AWS::ECS::Cluster").tagging_permissions
    assert known("AWS::EC2::SecurityGroupIngress").tag_property is None


def test_the_order_of_a_replacement() -> None:
    deleted_first = ResourceType("A", {"replacementStrategy": "delete_then_create"})
    assert deleted_first.deleted_first
    assert not ResourceType("A", {"replacementStrategy": "create_then_delete"}).deleted_first
    assert not ResourceType("A", {}).deleted_first


@pytest.mark.parametrize("name", ["AWS::No::Type", "Custom::Thing", "Company::Product::Type", ""])
def test_a_type_that_the_registry_does_not_have(name: str) -> None:
    assert resource_type(name) is None


def test_a_schema_without_facts() -> None:
    empty = ResourceType("A", {})
    assert (empty.create_only, empty.primary_identifier, empty.permissions) == (frozenset(), (), {})
    assert (empty.tag_property, empty.tagged_by_cloudformation) == (None, False)


def test_the_facts_of_a_type_are_read_once() -> None:
    assert resource_type("AWS::ECS::Cluster") is resource_type("AWS::ECS::Cluster")


def test_iam_actions() -> None:
    assert "cluster" in schemas.iam_actions()["ecs:deletecluster"]
    assert schemas.iam_actions()["ecs:createcluster"] is not None
    assert "ecs:nothing" not in schemas.iam_actions()


def test_where_arns_of_a_kind_lie() -> None:
    assert schemas.arn_prefix("iam", "role") == "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
    assert schemas.arn_prefix("iam", "nothing") is None
