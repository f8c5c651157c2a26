"""The ECS service: its task definition, its containers and their variables, and how requests reach it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.references import names_in
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text

from ._network import different_numbers, groups
from ._repository import is_nested

TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER, LISTENER_RULE = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"

UNWANTED = ("/crash", "/generatecert")
"""The two endpoints that the kata calls unwanted: one terminates the process, one is slow."""


@dataclass(frozen=True)
class Registration:
    """One entry of a service's LoadBalancers: this container, on this port, behind this target group."""

    node: Node
    target_group: Resource | None
    container: Node | None
    port: Text | None


def services(stack: Stack) -> list[Resource]:
    return stack.of("AWS::ECS::Service")


def task_definition(service: Resource) -> Resource | None:
    return service.stack.resource(service["TaskDefinition"], "AWS::ECS::TaskDefinition")


def containers(task: Resource | None) -> list[Node]:
    return task["ContainerDefinitions"].items if task is not None else []


def all_containers(stack: Stack) -> list[Node]:
    return [container for task in stack.of("AWS::ECS::TaskDefinition") for container in containers(task)]


def container_named(task: Resource | None, name: Text | None) -> Node | None:
    return next((one for one in containers(task) if name is not None and _says(one["Name"].text, name)), None)


def _says(left: Text | None, right: Text) -> bool:
    return left is not None and (left == right or (left.literal is not None and left.literal == right.literal))


def registrations(service: Resource) -> list[Registration]:
    return service.stack.once(f"registrations of {service.id}", lambda: _registrations(service))


def _registrations(service: Resource) -> list[Registration]:
    task = task_definition(service)
    return [
        Registration(
            node=node,
            target_group=service.stack.resource(group, TARGET_GROUP),
            container=container_named(task, node["ContainerName"].text),
            port=node["ContainerPort"].text,
        )
        for node in service["LoadBalancers"].items
        for group in (node["TargetGroupArn"], node.at("AdvancedConfiguration", "AlternateTargetGroupArn"))
        # If two versions run, the tasks of each may be in either group.
        if group.given or group.path[-1] == "TargetGroupArn"
    ]


def transport(registration: Registration) -> str | None:
    """The protocol of requests to a container, tcp or udp; None if it is neither, or not known."""
    group, container = registration.target_group, registration.container
    spoken = group["Protocol"] if group is not None else None
    if spoken is not None and (spoken.unknown or spoken.literal == "GENEVE"):
        return None
    mapped = {
        (mapping["Protocol"].literal or "tcp").lower()
        for mapping in (container["PortMappings"].items if container is not None else ())
        if not different_numbers(mapping["ContainerPort"].text, registration.port)
    }
    if spoken is not None and spoken.literal in ("TCP_UDP", "TCP_QUIC"):
        # One target group for both: the container's port mappings decide.
        return "udp" if mapped == {"udp"} else "tcp"
    return "udp" if spoken is not None and spoken.literal in ("UDP", "QUIC") else "tcp"


@dataclass(frozen=True)
class Way:
    """The path of a request: through a load balancer, by a registration, to a service."""

    balancer: Resource
    registration: Registration
    service: Resource


def ways(stack: Stack) -> list[Way]:
    """Each path of a request that is completely in the template."""
    return stack.once("ways of requests", lambda: list(_ways(stack)))


def _ways(stack: Stack) -> Iterator[Way]:
    for service in services(stack):
        for registration in registrations(service):
            if registration.target_group is not None:
                for balancer in load_balancers(stack, registration.target_group):
                    yield Way(balancer, registration, service)


def target_groups(service: Resource) -> list[Resource]:
    found = (registration.target_group for registration in registrations(service))
    return [group for group in found if group is not None]


def app_containers(stack: Stack) -> list[tuple[Resource, Resource, Node]]:
    """The containers that a load balancer reaches: service, task definition, container."""
    found = []
    for service in services(stack):
        task = task_definition(service)
        for registration in registrations(service):
            if task is not None and registration.container is not None:
                found.append((service, task, registration.container))
    return found


def ports(container: Node) -> list[Text | None]:
    return [mapping["ContainerPort"].text for mapping in container["PortMappings"].items]


def environment(container: Node) -> dict[str, Node]:
    """The plain environment variables: the name, and the node of the value."""
    return {name: item["Value"] for item in container["Environment"].items if (name := item["Name"].literal)}


def secrets(container: Node) -> dict[str, Node]:
    """The variables that ECS sets from a secret: the name, and the node of the secret."""
    return {name: item["ValueFrom"] for item in container["Secrets"].items if (name := item["Name"].literal)}


def names_known(container: Node) -> bool:
    """Whether all names of variables are known, so that a missing one is missing."""
    return (
        all(
            (not container[key].given or container[key].listed)
            and all(item["Name"].literal for item in container[key].items)
            for key in ("Environment", "Secrets")
        )
        and not container["EnvironmentFiles"].given
    )


def told_of_database(container: Node) -> bool:
    return "DB_CONNECTION_STRING" in {**environment(container), **secrets(container)}


def of_the_kata(stack: Stack, container: Node) -> bool:
    """Whether a container is the Phoenix application: it has the variable of a MongoDB.

    If the template has a database and no container that requests may reach has the variable, it is missing, and each of
    these containers may be the application.
    """
    if told_of_database(container):
        return True
    return bool(stack.of("AWS::DocDB::DBCluster")) and stack.once(
        "no variable of a database", lambda: _nobody_is_told(stack)
    )


def _nobody_is_told(stack: Stack) -> bool:
    tasks = [task_definition(service) for service in services(stack) if registrations(service)]
    behind = [container for task in tasks for container in containers(task)]
    return None not in tasks and all(names_known(container) and not told_of_database(container) for container in behind)


def named_clusters(service: Resource) -> set[str]:
    """The clusters of the template in the variables of a service's containers, directly or in a secret."""
    stack = service.stack
    return stack.once(f"clusters of {service.id}", lambda: _named_clusters(stack, service))


def _named_clusters(stack: Stack, service: Resource) -> set[str]:
    task = task_definition(service)
    pending = names_in(task["ContainerDefinitions"].raw) if task is not None else set()
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        resource = stack.resources.get(name)
        # Two services may share a role: it may read more secrets than each of them uses.
        if name not in seen and resource is not None and not resource.type.startswith("AWS::IAM::"):
            seen.add(name)
            pending |= resource.named
    return {cluster.id for cluster in stack.of("AWS::DocDB::DBCluster")} & seen


def applications(stack: Stack) -> list[Resource]:
    """The services that run the Phoenix application: they have the variable of a MongoDB, or else refer to a cluster.

    If there is none, all services that requests reach.
    """
    behind = [service for service in services(stack) if registrations(service)]
    told = [one for one in behind if any(told_of_database(each) for each in containers(task_definition(one)))]
    return told or [one for one in behind if named_clusters(one)] or behind


def task_groups(stack: Stack, service: Resource) -> list[Resource]:
    return groups(stack, network(service)["SecurityGroups"])


def network(service: Resource) -> Node:
    return service.at("NetworkConfiguration", "AwsvpcConfiguration")


def listeners(stack: Stack, target_group: Resource) -> list[Resource]:
    """The listeners that forward to a target group, by their default actions or by their rules."""
    found: list[Resource] = []
    for one in forwarders(stack, target_group):
        listener = stack.resource(one["ListenerArn"], LISTENER) if one.type == LISTENER_RULE else one
        if listener is not None and listener not in found:
            found.append(listener)
    return found


def forwarders(stack: Stack, target_group: Resource) -> list[Resource]:
    """The listeners and rules that forward to a target group: each of them associates it with a load balancer."""
    return [
        one
        for kind, actions in ((LISTENER, "DefaultActions"), (LISTENER_RULE, "Actions"))
        for one in stack.of(kind)
        if _forwards(stack, one[actions], target_group)
    ]


def forwards_known(stack: Stack) -> bool:
    """Whether all targets of listeners are in the template, so that a target group can be known to be unused."""
    for resource in stack.of(LISTENER, LISTENER_RULE):
        actions = resource["DefaultActions" if resource.type == LISTENER else "Actions"]
        if not actions.listed:
            return False
        for action in actions.items:
            if any(stack.resource(target) is None for target in _targets(action)):
                return False
    return True


def _targets(action: Node) -> list[Node]:
    weighted = [item["TargetGroupArn"] for item in action.at("ForwardConfig", "TargetGroups").items]
    return [*action["TargetGroupArn"].items, *weighted]


def _forwards(stack: Stack, actions: Node, target_group: Resource) -> bool:
    return any(stack.resource(node) is target_group for action in actions.items for node in _targets(action))


def load_balancers(stack: Stack, target_group: Resource) -> list[Resource]:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    found = (stack.resource(listener["LoadBalancerArn"], kind) for listener in listeners(stack, target_group))
    return [balancer for balancer in found if balancer is not None]


def subnets_of(balancer: Resource) -> list[Node]:
    """The node of a load balancer's subnets."""
    return [*balancer["Subnets"].items, *(node["SubnetId"] for node in balancer["SubnetMappings"].items)]


def self_contained(service: Resource) -> bool:
    """Whether service, cluster, task definition and load balancer are in one template: if it lacks alarms or scaling,
    they are missing.

    Alarms and scaling may be elsewhere if the service's name is exported or passed to a nested stack, if the template
    is a nested stack, or if a macro may add resources.
    """
    stack = service.stack
    exported = any(
        service.id in {ref.name for ref in value.refs}
        for name in stack.section("Outputs").keys
        if stack.section("Outputs").at(name, "Export").given
        for _, value in stack.section("Outputs").at(name, "Value").texts()
    )
    return (
        not exported
        and stack.resource(service["Cluster"], "AWS::ECS::Cluster") is not None
        and task_definition(service) is not None
        and any(way.service is service for way in ways(stack))
        and not any(service.id in nested.named for nested in stack.of("AWS::CloudFormation::Stack"))
        and not stack.by_macro
        and not is_nested(stack.filename)
    )


def platform(task: Resource | None) -> str | None:
    """The network mode of a task definition; Fargate has only awsvpc."""
    return task["NetworkMode"].literal if task is not None else None


def on_fargate(service: Resource) -> bool | None:
    """Whether tasks of a service run on Fargate; None where that is not known."""
    providers = [item["CapacityProvider"].literal for item in service["CapacityProviderStrategy"].items]
    if providers:
        return None if None in providers else all(each in ("FARGATE", "FARGATE_SPOT") for each in providers)
    chosen = service["LaunchType"]
    if chosen.given:
        return None if chosen.unknown else chosen.literal == "FARGATE"
    task = task_definition(service)
    if task is None:
        return None
    # Without a launch type, the strategy of the cluster applies, or else EC2.
    return None if any(item.literal == "FARGATE" for item in task["RequiresCompatibilities"].items) else False


def has_own_network(service: Resource) -> bool:
    """Whether each task has a network interface, so that all its ports are reachable."""
    return network(service).given or platform(task_definition(service)) == "awsvpc"


FRONT_DOORS = ("AWS::CloudFront::", "AWS::ApiGateway", "AWS::GlobalAccelerator::", "AWS::VpcLattice::")
"""Types that may forward requests from the internet to an internal load balancer."""
