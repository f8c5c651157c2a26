"""How services are deployed: by ECS, which shifts requests between two target groups, or by CodeDeploy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack

from ._service import TARGET_GROUP, services

_SHIFTS = ("BLUE_GREEN", "CANARY", "LINEAR")


@dataclass(frozen=True)
class Shift:
    """A service that shifts requests from one target group to another: one entry of its LoadBalancers."""

    service: Resource
    node: Node

    @property
    def advanced(self) -> Node:
        return self.node["AdvancedConfiguration"]

    @property
    def target_group(self) -> Resource | None:
        return self.service.stack.resource(self.node["TargetGroupArn"], TARGET_GROUP)

    @property
    def alternate(self) -> Resource | None:
        return self.service.stack.resource(self.advanced["AlternateTargetGroupArn"], TARGET_GROUP)


def shifts(stack: Stack) -> Iterator[Shift]:
    """The registrations of the services that ECS deploys blue/green, canary or linear."""
    for service in services(stack):
        by_ecs = service.at("DeploymentController", "Type").literal in (None, "ECS")
        if by_ecs and service.at("DeploymentConfiguration", "Strategy").literal in _SHIFTS:
            for node in service["LoadBalancers"].items:
                if node["TargetGroupArn"].given:
                    yield Shift(service, node)


def by_codedeploy(stack: Stack) -> list[Resource]:
    """The services that CodeDeploy deploys."""
    return [each for each in services(stack) if each.at("DeploymentController", "Type").literal == "CODE_DEPLOY"]


def forwards(rule: Resource, actions: str = "Actions") -> dict[str, float] | None:
    """The weight of each target group that a rule (or a listener) forwards to, by logical id; None where a group or a
    weight is not known."""
    found: dict[str, float] = {}
    for action in rule[actions].items:
        if action["Type"].literal not in (None, "forward"):
            continue
        tuples = action.at("ForwardConfig", "TargetGroups").items
        pairs = [(each["TargetGroupArn"], each["Weight"]) for each in tuples] or [
            (action["TargetGroupArn"], action["Weight"])
        ]
        for target, weight in pairs:
            group = rule.stack.resource(target, TARGET_GROUP)
            # The default weight is 1.
            number = weight.number if weight.given else 1.0
            if group is None or number is None:
                return None
            found[group.id] = number
    return found
