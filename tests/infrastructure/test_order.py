"""The order of creation and of deletion, as a graph: cfn-lint's, which takes Ref, GetAtt, Sub and DependsOn."""

from __future__ import annotations

from typing import Any

import networkx
import pytest
from cfnlint.template import Template
from troposphere import Equals, Not, Ref
from troposphere.sns import Topic
from troposphere.sqs import Queue

from phoenix_cfn import Settings, infrastructure

CLUSTER, SERVICE = "AWS::DocDB::DBCluster", "AWS::ECS::Service"
# What the last requests and log lines of a task cross, or stand on.
TASKS_NEED = [
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
]
SETTINGS = [
    Settings(),
    Settings.of({"database": {"instances": 1}}),
    Settings.of({"database": {"instances": 4}, "pipeline": {"source": "codecommit"}}),
    *(Settings.of({"deployment": {"strategy": each, "smoke_test_path": "/"}}) for each in ("canary", "codedeploy")),
]


class Order:
    """`before` and `after`: what exists before a resource is created, and what is created only after it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.resources: dict[str, Any] = data["Resources"]
        graph = Template("Infrastructure.yml", data).graph
        assert graph is not None
        self.graph = graph.graph.subgraph(self.resources)

    def before(self, title: str) -> set[str]:
        return set(networkx.descendants(self.graph, title))

    def after(self, title: str) -> set[str]:
        return set(networkx.ancestors(self.graph, title))

    def of_type(self, *kinds: str) -> list[str]:
        return [title for title, resource in self.resources.items() if resource["Type"] in kinds]

    def beside(self, title: str) -> set[str]:
        return set(self.resources) - {title} - self.before(title) - self.after(title)


@pytest.fixture(params=SETTINGS, ids=lambda settings: f"{settings.deployment.strategy}-{settings.database.instances}")
def deployed(request: pytest.FixtureRequest) -> Order:
    return Order(infrastructure.template(request.param).to_dict())


def test_nothing_is_created_beside_the_cluster(deployed: Order) -> None:
    """A failure beside it would meet a cluster that is `creating`, of which no snapshot can be taken."""
    (cluster,) = deployed.of_type(CLUSTER)
    assert deployed.beside(cluster) == set()


def test_nothing_but_instances_is_created_beside_an_instance(deployed: Order) -> None:
    instances = deployed.of_type("AWS::DocDB::DBInstance")
    for instance in instances:
        assert deployed.beside(instance) == set(instances) - {instance}


def test_what_comes_after_the_cluster_needs_it(deployed: Order) -> None:
    """It names the cluster, or something that does: a DependsOn alone is no need, but for the service and instances."""
    (cluster,), (service,) = deployed.of_type(CLUSTER), deployed.of_type(SERVICE)
    named = deployed.graph.edge_subgraph(
        [
            edge
            for edge in deployed.graph.edges
            if deployed.graph.edges[edge]["label"] != "DependsOn" or edge[0] == service
        ]
    )
    assert deployed.after(cluster) == set(networkx.ancestors(named, cluster))


def test_what_can_fail_in_a_fresh_account_comes_before_the_cluster(deployed: Order) -> None:
    (cluster,) = deployed.of_type(CLUSTER)
    early = deployed.of_type(
        "AWS::EC2::EIP",
        "AWS::EC2::NatGateway",
        "AWS::EC2::VPC",
        "AWS::ECS::Cluster",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Subscription",
    )
    assert len(early) > 10
    assert set(early) <= deployed.before(cluster)


def test_the_service_is_deleted_before_what_its_tasks_need(deployed: Order) -> None:
    (service,) = deployed.of_type(SERVICE)
    needed = {title: kind for kind in TASKS_NEED for title in deployed.of_type(kind)}
    assert set(needed.values()) == set(TASKS_NEED)
    assert set(needed) <= deployed.before(service)


def test_no_dependency_says_what_another_says(deployed: Order) -> None:
    """As W3005, and also by way of other resources, for what the order adds."""
    for title in deployed.of_type(CLUSTER, "AWS::DocDB::DBInstance"):
        added = set(deployed.resources[title].get("DependsOn", []))
        for each in added:
            assert not any(each in deployed.before(other) for other in added - {each}), (title, each)


def test_a_resource_of_ones_own_comes_before_the_database_whatever_its_condition() -> None:
    """Also one that is added to the finished template, as docs/extending.md shows."""
    template = infrastructure.template(Settings())
    template.add_condition("Queued", Not(Equals(Ref("AWS::Region"), "eu-south-1")))
    topic = template.add_resource(Topic("Own"))
    template.add_resource(Queue("OwnQueue", Condition="Queued", QueueName=Ref(topic)))
    found = template.to_dict()
    cluster = found["Resources"]["DatabaseCluster"]
    # The topic by itself too, since the queue that needs it may not be there.
    assert "Own" in cluster["DependsOn"]
    assert {"Fn::If": ["Queued", {"Ref": "OwnQueue"}, {"Ref": "AWS::NoValue"}]} in cluster["Metadata"]["CreatedAfter"]
    assert Order(found).beside("DatabaseCluster") == set()


def test_a_resource_of_ones_own_that_needs_the_database_comes_after_it() -> None:
    template = infrastructure.template(Settings())
    template.add_resource(Topic("Own", DisplayName=Ref("DatabaseCluster")))
    order = Order(template.to_dict())
    assert "Own" in order.after("DatabaseCluster")
    assert "Own" in order.before("DatabaseInstance1")
