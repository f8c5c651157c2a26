from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Resource
from phoenix_cfn.rules._deployments import by_codedeploy, shifts
from phoenix_cfn.rules._metrics import POLICY, alarms, metrics
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import TARGET_GROUP


class BothVersionsWatched(Rule):
    """Where requests shift between two target groups, alarms and scaling policies that measure one of them also
    measure the other.

    Risk: After every second deployment all tasks are in the target group that is not measured: no alarm fires, and no
    task is added.

    Fix: Add the metric of the other target group, and combine both with metric math.
    """

    id = "E9312"
    shortdesc = "Alarms and policies measure both target groups"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        owners = {
            "alarms": alarms(stack),
            **{policy.id: [policy] for policy in stack.of(POLICY)},
        }
        for pair in _pairs(stack):
            for together in owners.values():
                measured = {owner.id: _measured(owner) for owner in together}
                every = set().union(*measured.values())
                for owner in together:
                    for group in sorted(measured[owner.id] & pair):
                        if pair - every:
                            other = ", ".join(sorted(pair - every))
                            yield finding(
                                owner.here, f"{owner.id} measures {group}; no alarm or policy measures {other}"
                            )


def _pairs(stack: Stack) -> Iterator[set[str]]:
    for shift in shifts(stack):
        if shift.target_group is not None and shift.alternate is not None:
            yield {shift.target_group.id, shift.alternate.id}
    if by_codedeploy(stack):
        for deployments in stack.of("AWS::CodeDeploy::DeploymentGroup"):
            for pair in deployments.at("LoadBalancerInfo", "TargetGroupPairInfoList").items:
                groups = [stack.resource(each["Name"], TARGET_GROUP) for each in pair["TargetGroups"].items]
                found = {group.id for group in groups if group is not None}
                if len(found) == len(groups) == 2:
                    yield found


def _measured(owner: Resource) -> set[str]:
    """The target groups whose metrics an alarm or a policy reads."""
    values = [(metric.dimensions or {}).get("TargetGroup") for metric in metrics(owner)]
    groups = [owner.stack.resource(value, TARGET_GROUP) for value in values if value is not None]
    return {group.id for group in groups if group is not None}
