"""A stack: the resources that exist, the resource that a value means, and the order in which they are created."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn.cloudformation.stack import Stack
from tests.cloudformation.reading import stack, template

TEMPLATE = """
Parameters: {Stage: {Type: String, Default: dev}, Group: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], Unknown: !Equals [!Ref AWS::Region, x]}
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Sub '${Stage}-shop'}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Join ['/', ['', !Ref Cluster, tasks]]}}
  Service: {Type: AWS::ECS::Service, DependsOn: [Listener], Properties: {ServiceName: shop, Cluster: !Ref Cluster}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref Balancer}}
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
  Topic: {Type: AWS::SNS::Topic}
  OnlyInProd: {Type: AWS::SNS::Topic, Condition: IsProd}
  Perhaps: {Type: AWS::SQS::Queue, Condition: Unknown}
"""
STACK = stack(TEMPLATE)


def value(expression: str) -> Any:
    return STACK.text(template(f"Value: {expression}")["Value"])


def test_a_resource_exists_unless_its_condition_is_known_not_to_hold() -> None:
    assert "OnlyInProd" not in STACK.resources
    assert "OnlyInProd" in stack(TEMPLATE, values={"Stage": "prod"}).resources
    assert "Perhaps" in STACK.resources


def test_resources_by_type() -> None:
    assert [one.id for one in STACK.of("AWS::SNS::Topic", "AWS::ECS::Cluster")] == ["Topic", "Cluster"]
    assert STACK.of("AWS::S3::Bucket") == []


@pytest.mark.parametrize(
    ("expression", "types", "expected"),
    [
        ("!Ref Cluster", (), "Cluster"),
        ("!GetAtt Cluster.Arn", ("AWS::ECS::Cluster",), "Cluster"),
        ("!Ref Cluster", ("AWS::ECS::Service",), None),
        ("shop", ("AWS::ECS::Service",), "Service"),
        ("other", ("AWS::ECS::Service",), None),
        ("!Ref Group", (), None),
        ("!Ref Missing", (), None),
    ],
)
def test_the_resource_that_a_value_names(expression: str, types: tuple[str, ...], expected: str | None) -> None:
    found = STACK.resource(value(expression), *types)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [
        ("Cluster", "${Stage}-shop"),
        ("Logs", "/${Stage}-shop/tasks"),
        ("Topic", "${Topic}"),
    ],
)
def test_names(logical_id: str, name: str) -> None:
    assert str(STACK.name_of(STACK.resources[logical_id])) == name


@pytest.mark.parametrize(
    ("expression", "expanded"),
    [
        ("!Sub '${Cluster}/x'", "${Stage}-shop/x"),
        ("!Sub '${Service.Name}/x'", "shop/x"),
        ("!Sub '${Service}/x'", "${Service}/x"),
        ("!Sub '${Topic.TopicName}/x'", "${Topic}/x"),
        ("!Sub '${Balancer.DNSName}/x'", "${Balancer.DNSName}/x"),
    ],
)
def test_two_ways_to_write_a_name_are_one(expression: str, expanded: str) -> None:
    assert str(STACK.expanded(value(expression))) == expanded


def test_a_name_that_refers_to_itself_is_no_endless_loop() -> None:
    circle = stack("Resources: {A: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Sub '${A}-x'}}}")
    assert str(circle.name_of(circle.resources["A"])).startswith("${A}")


@pytest.mark.parametrize(
    ("logical_id", "others", "waits"),
    [
        ("Service", {"Listener"}, True),
        ("Service", {"Balancer"}, True),
        ("Logs", {"Cluster"}, True),
        ("Balancer", {"Listener"}, False),
        ("Topic", {"Service"}, False),
    ],
)
def test_what_is_created_first(logical_id: str, others: set[str], waits: bool) -> None:
    assert STACK.waits_for(STACK.resources[logical_id], others) is waits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resources: {}", False),
        ("Transform: AWS::Serverless-2016-10-31", False),
        ("Transform: [AWS::LanguageExtensions, Company::Macro]", True),
        ("Transform: AWS::Include", True),
        ("'Fn::Transform': {Name: X}", True),
        ("Resources: {A: {Type: AWS::SNS::Topic}, 'Fn::Transform': {Name: X}}", True),
    ],
)
def test_whether_a_macro_may_add_resources(text: str, expected: bool) -> None:
    assert stack(text).by_macro is expected


def test_the_resources_that_mention_words() -> None:
    assert [one.id for one in STACK.mentioning("-shop")] == ["Cluster"]


def test_a_result_is_computed_once() -> None:
    numbers = iter(range(2))
    assert [STACK.once("test", lambda: next(numbers)) for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    "whole",
    [
        {},
        {"Resources": None},
        {"Resources": []},
        {"Resources": {"A": None, "B": [], 1: {}, "C": {"Type": ["x"], "Properties": "x", "DependsOn": {"a": 1}}}},
        {"Resources": {"A": {"Condition": ["x"]}}, "Conditions": [], "Parameters": "x", "Mappings": 1},
        {"Transform": [], "Outputs": []},
    ],
)
def test_odd_templates(whole: dict[Any, Any]) -> None:
    odd = Stack(whole)
    for resource in odd.resources.values():
        assert list(resource.references()) == []
        assert odd.waits_for(resource, {"X"}) is False
        odd.name_of(resource)
    assert odd.section("Outputs")["a"]["b"].text is None
    assert odd.by_macro is False
