"""E9315: CodeDeploy shifts requests between the target groups of the service."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.rules._deployments import by_codedeploy, forwards
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import LISTENER, TARGET_GROUP, target_groups


class CodeDeployPair(Rule):
    """A deployment group names two target groups, among them the one of its service, and a production listener that
    forwards to one of them. The test listener is another listener.

    Risk: Every deployment fails before it starts tasks, or requests go on to the old version.

    Fix: Name the service's target group and a second one in TargetGroupPairInfoList, and the listener that forwards to
    the first.
    """

    id = "E9315"
    shortdesc = "CodeDeploy shifts requests between the target groups of the service"
    source_url = (
        "https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-create-load-balancer-for-ecs.html"
    )
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for deployments in stack.of("AWS::CodeDeploy::DeploymentGroup"):
            named = [
                stack.resource(each["ServiceName"], "AWS::ECS::Service") for each in deployments["ECSServices"].items
            ]
            for service in by_codedeploy(stack):
                for pair in deployments.at("LoadBalancerInfo", "TargetGroupPairInfoList").items:
                    if service in named:
                        yield from _judged(service, pair)


def _judged(service: Resource, pair: Node) -> Iterator[Finding]:
    stack, groups = service.stack, pair["TargetGroups"]
    found = [stack.resource(each["Name"], TARGET_GROUP) for each in groups.items]
    known = {group.id for group in found if group is not None}
    if groups.listed and (len(found) != 2 or (None not in found and len(known) != 2)):
        yield finding(groups, "A pair is two different target groups")
        return
    own = {group.id for group in target_groups(service)}
    if None not in found and own and not own & known:
        yield finding(groups, f"{service.id} has its tasks in {', '.join(sorted(own))}, which this does not name")
        return
    production, test = (pair.at(route, "ListenerArns") for route in ("ProdTrafficRoute", "TestTrafficRoute"))
    for node in production.items:
        listener = stack.resource(node, LISTENER)
        weights = forwards(listener, "DefaultActions") if listener is not None else None
        if listener is not None and weights and None not in found and not known & set(weights):
            yield finding(node, f"{listener.id} forwards to {', '.join(sorted(weights))}, which is not of the pair")
    for node in test.items:
        if any(node.text == other.text for other in production.items):
            yield finding(node, "This is the production listener, too: test requests need a listener of their own")
