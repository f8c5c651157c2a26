"""The quantities of a template's billed resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack

# The name of a price, and the quantity.
Quantity = tuple[str, float]


def quantities(stack: Stack) -> dict[str, float]:
    """The quantities by names of prices, in the order of the resources."""
    found: Counter[str] = Counter()
    for resource in stack.resources.values():
        for name, count in _OF_TYPE.get(resource.type, _nothing)(resource):
            found[name] += count  # type: ignore[assignment]
    return {name: float(count) for name, count in found.items()}


def _nothing(_: Resource) -> Iterator[Quantity]:
    yield from ()


def _service(resource: Resource) -> Iterator[Quantity]:
    """vCPUs and GiB of the minimum number of tasks."""
    definition = resource.stack.resource(resource["TaskDefinition"], "AWS::ECS::TaskDefinition")
    if definition is None:
        return
    tasks = _least_tasks(resource)
    arm = definition.at("RuntimePlatform", "CpuArchitecture").literal == "ARM64"
    kind = "fargate-arm" if arm else "fargate-x86"
    yield f"{kind}-vcpu", tasks * (definition["Cpu"].number or 256) / 1024
    yield f"{kind}-gb", tasks * (definition["Memory"].number or 512) / 1024


def _least_tasks(service: Resource) -> float:
    for target in service.stack.of("AWS::ApplicationAutoScaling::ScalableTarget"):
        if service.id in target.named:
            return target["MinCapacity"].number or 0
    count = service["DesiredCount"].number
    return 1 if count is None else count


def _load_balancer(resource: Resource) -> Iterator[Quantity]:
    """One public IPv4 address in each subnet, if the load balancer is internet-facing."""
    if resource["Type"].literal in (None, "application"):
        yield "load-balancer", 1
    if resource["Scheme"].literal != "internal":
        yield "public-address", len(resource["Subnets"].items)


def _endpoint(resource: Resource) -> Iterator[Quantity]:
    """Gateway endpoints are free."""
    if resource["VpcEndpointType"].literal == "Interface":
        yield "endpoint", len(resource["SubnetIds"].items)


def _database(resource: Resource) -> Iterator[Quantity]:
    """A serverless instance has at least the cluster's minimum capacity."""
    kind = resource["DBInstanceClass"].literal
    if kind != "db.serverless":
        yield f"documentdb-{kind or 'of an unknown class'}", 1
        return
    cluster = resource.stack.resource(resource["DBClusterIdentifier"], "AWS::DocDB::DBCluster")
    least = cluster.at("ServerlessV2ScalingConfiguration", "MinCapacity").number if cluster else None
    yield "documentdb-db.serverless", least or 0.5


def _alarm(resource: Resource) -> Iterator[Quantity]:
    """CloudWatch charges for each metric of an alarm."""
    metrics = [each["MetricStat"] for each in resource["Metrics"].items if each["MetricStat"].given]
    periods = [each["Period"].number for each in metrics] or [resource["Period"].number]
    for period in periods:
        yield "high-resolution-alarm" if period is not None and period < 60 else "alarm", 1


def _web_acl(resource: Resource) -> Iterator[Quantity]:
    yield "web-acl", 1
    yield "web-acl-rule", len(resource["Rules"].items)


def _one(name: str) -> Callable[[Resource], Iterator[Quantity]]:
    def count(_: Resource) -> Iterator[Quantity]:
        yield name, 1

    return count


_OF_TYPE: dict[str, Callable[[Resource], Iterator[Quantity]]] = {
    "AWS::ECS::Service": _service,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::EC2::NatGateway": _one("nat-gateway"),
    "AWS::EC2::EIP": _one("public-address"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::DocDB::DBInstance": _database,
    "AWS::KMS::Key": _one("key"),
    "AWS::SecretsManager::Secret": _one("secret"),
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _one("dashboard"),
    "AWS::WAFv2::WebACL": _web_acl,
}
