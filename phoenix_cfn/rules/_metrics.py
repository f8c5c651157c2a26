"""The metrics of alarms and scaling policies: which ones exist, with which dimensions, and their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, same
from phoenix_cfn.rules._facts import ecs

from ._wires import tied_by

POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"

_SERVICE = frozenset({"ClusterName", "ServiceName"})
_BALANCER = frozenset({"LoadBalancer"})
_TARGETS = frozenset({"LoadBalancer", "TargetGroup"})
_ZONE = frozenset({"AvailabilityZone"})

NAMESPACES = frozenset({"AWS/ECS", "ECS/ContainerInsights", "AWS/ApplicationELB", "AWS/DocDB"})
"""The namespaces whose metrics all have dimensions."""

DIMENSIONS: dict[tuple[str, str], tuple[frozenset[str], ...]] = {
    **{("AWS/ECS", name): (_SERVICE, frozenset({"ClusterName"})) for name in ("CPUUtilization", "MemoryUtilization")},
    ("ECS/ContainerInsights", "RunningTaskCount"): (_SERVICE,),
    **{
        ("AWS/ApplicationELB", name): (_BALANCER, _TARGETS, _BALANCER | _ZONE, _TARGETS | _ZONE)
        for name in (
            *("RequestCount", "TargetResponseTime", "TargetConnectionErrorCount", "HTTPCode_Target_2XX_Count"),
            *("HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count"),
        )
    },
    **{
        ("AWS/ApplicationELB", name): (_TARGETS, _TARGETS | _ZONE)
        for name in ("HealthyHostCount", "UnHealthyHostCount")
    },
    ("AWS/ApplicationELB", "RequestCountPerTarget"): (_TARGETS, _TARGETS | _ZONE, frozenset({"TargetGroup"})),
    **{
        ("AWS/ApplicationELB", name): (_BALANCER, _BALANCER | _ZONE)
        for name in (
            *("HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "ActiveConnectionCount"),
            *("NewConnectionCount", "RejectedConnectionCount", "ConsumedLCUs"),
        )
    },
    ("AWS/DocDB", "CPUUtilization"): (
        frozenset({"DBClusterIdentifier"}),
        frozenset({"DBInstanceIdentifier"}),
        frozenset({"DBClusterIdentifier", "Role"}),
    ),
}
"""The dimension sets with which AWS publishes a metric, for the metrics that such templates watch."""

_Named = tuple[str, tuple[str, ...]]
_OF_A_SERVICE: dict[str, _Named] = {
    "ClusterName": ("AWS::ECS::Cluster", ("",)),
    "ServiceName": ("AWS::ECS::Service", ("Name",)),
}
_OF_A_BALANCER: dict[str, _Named] = {
    "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", ("LoadBalancerFullName",)),
    "TargetGroup": ("AWS::ElasticLoadBalancingV2::TargetGroup", ("TargetGroupFullName",)),
}


def _of_a_database(service: str) -> dict[str, _Named]:
    return {f"DB{kind}Identifier": (f"AWS::{service}::DB{kind}", ("",)) for kind in ("Cluster", "Instance")}


VALUES: dict[str, dict[str, _Named]] = {
    "AWS/ECS": _OF_A_SERVICE,
    "ECS/ContainerInsights": _OF_A_SERVICE,
    # EKS publishes in this namespace.
    "ContainerInsights": {"ClusterName": ("AWS::EKS::Cluster", ("",))},
    "AWS/ApplicationELB": _OF_A_BALANCER,
    "AWS/NetworkELB": _OF_A_BALANCER,
    "AWS/GatewayELB": _OF_A_BALANCER,
    **{f"AWS/{service}": _of_a_database(service) for service in ("DocDB", "Neptune", "RDS")},
}
"""By namespace, for each dimension the resource type that it identifies, and the attributes of that type with its value
("" is Ref). Several services use the same dimension names, so a name alone is not enough."""


# The members of predictive scaling with customized metrics.
_PREDICTIVE = ("Scaling", "Load", "Capacity")


@dataclass(frozen=True)
class Metric:
    """A metric that an alarm or a policy reads, and its place in the template."""

    owner: Resource
    node: Node
    statistic: Node
    period: Node

    @property
    def namespace(self) -> str | None:
        return self.node["Namespace"].literal

    @property
    def name(self) -> str | None:
        return self.node["MetricName"].literal

    @property
    def dimensions(self) -> dict[str, Node] | None:
        """Name and value of each dimension; None if not all are known."""
        node = self.node["Dimensions"]
        if node.given and not node.listed:
            return None
        found: dict[str, Node] = {}
        for item in node.items:
            name = item["Name"].literal
            if name is None:
                return None
            found[name] = item["Value"]
        return found


def alarms(stack: Stack) -> list[Resource]:
    return stack.of("AWS::CloudWatch::Alarm")


def metrics(owner: Resource) -> list[Metric]:
    """The metrics that an alarm or a target-tracking policy reads, plain ones and those of metric math."""
    return owner.stack.once(f"metrics of {owner.id}", lambda: list(_metrics(owner)))


def _metrics(owner: Resource) -> Iterator[Metric]:
    if owner.type == "AWS::CloudWatch::Alarm":
        if owner["MetricName"].given:
            statistic = owner["Statistic"] if owner["Statistic"].given else owner["ExtendedStatistic"]
            yield Metric(owner, owner, statistic, owner["Period"])
        queries = owner["Metrics"]
    else:
        custom = owner.at("TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification")
        if custom["MetricName"].given:
            yield Metric(owner, custom, custom["Statistic"], custom["Period"])
        queries = custom["Metrics"]
    for query in queries.items:
        used = query["MetricStat"]
        if used.given:
            yield Metric(owner, used["Metric"], used["Stat"], used["Period"])


def queries(owner: Resource) -> list[Node]:
    """The lists of metric data queries by which an alarm or a scaling policy computes what it watches."""
    if owner.type == "AWS::CloudWatch::Alarm":
        return [owner["Metrics"]]
    found = []
    for tracking, predictive in (
        ("TargetTrackingScalingPolicyConfiguration", "PredictiveScalingPolicyConfiguration"),
        ("TargetTrackingConfiguration", "PredictiveScalingConfiguration"),
    ):
        found.append(owner.at(tracking, "CustomizedMetricSpecification", "Metrics"))
        for specification in owner.at(predictive, "MetricSpecifications").items:
            found += [
                specification.at(f"Customized{kind}MetricSpecification", "MetricDataQueries") for kind in _PREDICTIVE
            ]
    return [each for each in found if each.given]


def wrong_dimensions(metric: Metric) -> str | None:
    """Why a metric with its dimensions has no data; None if it has, or if that is not known."""
    namespace, name, dimensions = metric.namespace, metric.name, metric.dimensions
    if namespace not in NAMESPACES or name is None or dimensions is None:
        return None
    if not dimensions:
        return f"{namespace} {name} needs dimensions: without them the metric does not exist"
    known = DIMENSIONS.get((namespace, name))
    if namespace == "AWS/ECS" and known is not None and _all_fargate(metric.owner.stack):
        # Only clusters with instances have cluster metrics.
        known = (_SERVICE,)
    if known is None or frozenset(dimensions) in known:
        return None
    wanted = " or ".join("{" + ", ".join(sorted(names)) + "}" for names in known[:2])
    return f"{namespace} has no {name} with dimensions {{{', '.join(sorted(dimensions))}}}, only with {wanted}"


def _all_fargate(stack: Stack) -> bool:
    services = stack.of("AWS::ECS::Service")
    return bool(services) and all(service["LaunchType"].literal == "FARGATE" for service in services)


def _named(metric: Metric, dimension: str) -> _Named:
    return VALUES.get(metric.namespace or "", {}).get(dimension, ("", ()))


def wrong_values(metric: Metric) -> Iterator[tuple[Node, str]]:
    """The dimension values that use the wrong attribute of a resource, or a resource of another type."""
    stack = metric.owner.stack
    for name, node in (metric.dimensions or {}).items():
        kind, attributes = _named(metric, name)
        value = node.text
        ref = value.reference if value is not None else None
        resource = stack.resources.get(ref.name) if ref is not None else None
        if not kind or ref is None or resource is None:
            continue
        right = " or ".join(f"GetAtt {attribute}" if attribute else "Ref" for attribute in attributes)
        if resource.type != kind:
            yield node, f"{name} is {ref}, a {resource.type}; expected the {right} of a {kind}"
        elif ref.attribute not in attributes:
            yield node, f"{name} is ${{{ref}}}, which is not the value that CloudWatch uses; expected {right}"


def unknown_names(metric: Metric) -> Iterator[tuple[Node, str]]:
    """Literal dimension values that are not the name of a resource of that type in the template."""
    stack = metric.owner.stack
    for name, node in (metric.dimensions or {}).items():
        kind, attributes = _named(metric, name)
        value = stack.expanded(node.text)
        # A load balancer's full name contains a generated id: no literal can be equal.
        if (
            value is None
            or value.reference
            or "LoadBalancerFullName" in attributes
            or "TargetGroupFullName" in attributes
        ):
            continue
        there = stack.of(kind)
        if there and all(is_called(one, value) is False for one in there):
            yield node, f"{name} is {value}, but no {kind} of this template has that name"


def is_called(resource: Resource, name: Text) -> bool | None:
    """Whether a resource has a literal name, not one that CloudFormation generates."""
    if not resource.name.given:
        return False
    own = resource.stack.name_of(resource)
    return False if tied_by(resource.stack, own, name) else same(own, name)


def of_service_cpu(metric: Metric) -> bool:
    return (metric.namespace, metric.name) in {
        ("AWS/ECS", "CPUUtilization"),
        ("ECS/ContainerInsights", "CpuUtilized"),
        ("ECS/ContainerInsights", "TaskCpuUtilization"),
        ("ECS/ContainerInsights", "ContainerCpuUtilization"),
        ("ECS/ContainerInsights", "ServiceCpuUtilization"),
    }


def of_requests(metric: Metric) -> bool:
    return metric.namespace == "AWS/ApplicationELB" and metric.name in ("RequestCount", "RequestCountPerTarget")


def of_one_service(metric: Metric) -> bool:
    """Whether a metric is that of a service, not of the instances of a cluster; also where that is not known."""
    return metric.dimensions is None or "ServiceName" in metric.dimensions


def rises(alarm: Resource) -> bool:
    """Whether an alarm fires above its threshold, as far as is known."""
    return "LessThan" not in (alarm["ComparisonOperator"].literal or "")


def mentions(resource: Resource, name: str) -> bool:
    """Whether a literal of a resource contains a name."""
    return any(name in value.plain for _, value in resource.texts())


def watched_service(metric: Metric) -> Resource | None:
    """The service of the template that a metric measures."""
    node = (metric.dimensions or {}).get("ServiceName")
    if node is None:
        return None
    return metric.owner.stack.resource(metric.owner.stack.expanded(node.text), "AWS::ECS::Service")


def publishes_finely(service: Resource, name: str | None) -> bool | None:
    """Whether a service publishes a metric with high resolution; None if that is not known."""
    monitoring = service["Monitoring"]
    if monitoring.opaque or monitoring["MetricConfigurations"].opaque:
        return None
    for configuration in monitoring["MetricConfigurations"].items:
        names = configuration["MetricNames"]
        if (
            configuration["ResolutionSeconds"].unknown
            or names.opaque
            or any(item.literal is None for item in names.items)
        ):
            return None
        fine = configuration["ResolutionSeconds"].number == ecs.FINE_RESOLUTION
        if fine and name in {item.literal for item in names.items}:
            return True
    return False
