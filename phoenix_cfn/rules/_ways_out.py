"""How tasks reach the services that they need to start: by a route to the internet, or by endpoints of their VPC.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from __future__ import annotations

import re

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import text

from ._database import reading_actions
from ._network import GROUP, all_known, default_group_of_network_is_shut, lets_out, may_connect, may_leave
from ._required_actions import from_ecr
from ._service import containers, network, secrets, task_definition

HTTPS = text("443")
INTERNET = "internet"
REGISTRY = "registry"
"""Neither an endpoint for images nor another one that the tasks need: they reach no service."""

_GATEWAYS = ("s3", "dynamodb")
_PUBLIC_REGISTRY = re.compile(
    r"(docker\.io|public\.ecr\.aws|ghcr\.io|quay\.io|gcr\.io|mcr\.microsoft\.com|registry\.k8s\.io)/.+|[^./:]+(/[^./]+)?(:.+)?"
)


def needs(stack: Stack, service: Resource) -> set[str]:
    """The services that a task needs to start, as the last labels of their endpoints' names; or INTERNET."""
    found: set[str] = set()
    for container in containers(task_definition(service)):
        image = container["Image"].text
        if from_ecr(image):
            found |= {"ecr.api", "ecr.dkr", "s3"}
        elif image is not None and image.literal and not image.refs and _PUBLIC_REGISTRY.fullmatch(image.literal):
            found.add(INTERNET)
        if container.at("LogConfiguration", "LogDriver").literal == "awslogs":
            found.add("logs")
        for source in secrets(container).values():
            actions = reading_actions(stack, source)
            if len(actions) == 1:
                found.add(actions[0].partition(":")[0])
    return found


def may_have_others(stack: Stack, subnet: Resource) -> bool:
    """Whether a subnet's VPC may have endpoints or routes outside the template."""
    owner = stack.resource(subnet["VpcId"], "AWS::EC2::VPC")
    return owner is None or any(owner.id in nested.named for nested in stack.of("AWS::CloudFormation::Stack"))


def endpoints_fail(stack: Stack, service: Resource, subnet: Resource, needed: set[str]) -> str | None:
    """Why the endpoints of a subnet's VPC are not enough, REGISTRY if there are none; None if they are enough."""
    own = stack.resource(subnet["VpcId"], "AWS::EC2::VPC")
    endpoints = [
        one for one in stack.of("AWS::EC2::VPCEndpoint") if stack.resource(one["VpcId"], "AWS::EC2::VPC") in (own, None)
    ]
    if not endpoints:
        return REGISTRY
    if INTERNET in needed:
        return "an image is in a public registry, which has no endpoint"
    if any(_service_of(one) is None for one in endpoints):
        return None
    for name in sorted(needed):
        here = [one for one in endpoints if _service_of(one) == name]
        whys = [_fails(stack, service, subnet, one, name) for one in here]
        if not here:
            return f"there is no endpoint for {name}"
        if None not in whys:
            return whys[0]
    return None


def _service_of(endpoint: Resource) -> str | None:
    """The service of an endpoint, such as ecr.api; None if it is not known."""
    name = endpoint["ServiceName"].text
    if name is None or not name.plain:
        return None
    spelled = re.sub(r"^(cn\.)?com\.amazonaws\.(\$\{[^}]*\}|[a-z]{2}(-[a-z]+)+-\d)\.", "", str(name))
    return None if "${" in spelled else spelled


def _fails(stack: Stack, service: Resource, subnet: Resource, endpoint: Resource, name: str) -> str | None:
    kind = endpoint["VpcEndpointType"]
    if kind.unknown:
        return None
    if (kind.literal or "Gateway") == "Gateway":
        if name not in _GATEWAYS:
            return f"{endpoint.id} is a gateway endpoint; {name} has interface endpoints only"
        tables, own = endpoint["RouteTableIds"], _tables(stack, subnet)
        known = not tables.given or all_known(stack, tables, "AWS::EC2::RouteTable")
        led = any(stack.resource(node) in own for node in tables.items)
        if known and own and not led:
            return f"{endpoint.id} is in no route table of {subnet.id}"
        shut = may_leave(stack, network(service)["SecurityGroups"], None, HTTPS) is False
        return f"the tasks' security groups do not allow port 443 to {name}" if shut else None
    if endpoint["PrivateDnsEnabled"].false:
        return f"{endpoint.id} has no private DNS, which calls of {name} need"
    worn, tasks = endpoint["SecurityGroupIds"], network(service)["SecurityGroups"]
    if not worn.given:
        shut = all_known(stack, tasks, GROUP) and default_group_of_network_is_shut(stack, subnet)
        return f"{endpoint.id} has the VPC's default security group, which does not allow the tasks" if shut else None
    if may_connect(stack, tasks, worn, HTTPS) is False:
        return f"the security groups of {endpoint.id} do not allow port 443 from the tasks"
    if may_leave(stack, tasks, worn, HTTPS) is False:
        return f"the tasks' security groups do not allow port 443 to {endpoint.id}"
    return None


def _tables(stack: Stack, subnet: Resource) -> list[Resource]:
    """The route tables of the template that a subnet is associated with."""
    found = [
        stack.resource(one["RouteTableId"], "AWS::EC2::RouteTable")
        for one in stack.of("AWS::EC2::SubnetRouteTableAssociation")
        if stack.resource(one["SubnetId"], "AWS::EC2::Subnet") is subnet
    ]
    return [each for each in found if each is not None]


def tasks_are_shut(stack: Stack, service: Resource, routed: bool) -> bool:
    """Whether the tasks' security groups allow no HTTPS: to no address at all, or not to the internet of a route."""
    worn = network(service)["SecurityGroups"]
    if lets_out(stack, worn, HTTPS) is False:
        return True
    return routed and not stack.of("AWS::EC2::VPCEndpoint") and may_leave(stack, worn, None, HTTPS) is False
