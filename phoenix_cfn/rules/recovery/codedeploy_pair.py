from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.rules._deployments import by_codedeploy, forwards
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import LISTENER, TARGET_GROUP, target_groups


class CodeDeployPair(Rule):
    """A deployment group has two target groups, one of them the service's, and a production listener that forwards to
    one of them. The test listener is a different listener.

    Risk: Every deployment fails before it starts tasks, or requests still go to the old version.

    Fix: Set the service's target group and a second one in TargetGroupPairInfoList, and the listener that forwards to
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
        yield finding(groups, "A target group pair has two different target groups")
        return
    own = {group.id for group in target_groups(service)}
    if None not in found and own and not own & known:
        yield finding(
            groups, f"{service.id} registers its tasks with {', '.join(sorted(own))}, which is not in this pair"
        )
        return
    production, test = (pair.at(route, "ListenerArns") for route in ("ProdTrafficRoute", "TestTrafficRoute"))
    for node in production.items:
        listener = stack.resource(node, LISTENER)
        weights = forwards(listener, "DefaultActions") if listener is not None else None
        if listener is not None and weights and None not in found and not known & set(weights):
            yield finding(node, f"{listener.id} forwards to {', '.join(sorted(weights))}, which is not in this pair")
    for node in test.items:
        if any(node.text == other.text for other in production.items):
            yield finding(node, "This is also the production listener; test requests need a separate listener")
