from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.cloudformation.nodes import Node
from phoenix_cfn.cloudformation.values import differ
from phoenix_cfn.rules._metrics import alarms
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services


class DeploymentAlarms(Rule):
    """The alarms of a service's deployment or of a CodeDeploy deployment group are alarms of the template, and rollback
    is enabled.

    Risk: ECS or CodeDeploy refuses the deployment because an alarm is not found, or a bad version stays although an
    alarm fires.

    Fix: Use Ref for the alarms, and set Enable (Enabled) and Rollback (AutoRollbackConfiguration) to true.
    """

    id = "E9307"
    shortdesc = "The alarms of a deployment exist, and roll it back"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            watched = service.at("DeploymentConfiguration", "Alarms")
            yield from _unknown(stack, watched["AlarmNames"].items)
            if watched["AlarmNames"].items and (watched["Enable"].false or watched["Rollback"].false):
                yield finding(watched, f"The alarms of {service.id} do not roll a deployment back")
        for group in stack.of("AWS::CodeDeploy::DeploymentGroup"):
            watched, rollback = group["AlarmConfiguration"], group["AutoRollbackConfiguration"]
            names = [each["Name"] for each in watched["Alarms"].items]
            yield from _unknown(stack, names)
            if names and (watched["Enabled"].false or _keeps(rollback)):
                yield finding(watched, f"The alarms of {group.id} do not roll a deployment back")


def _keeps(rollback: Node) -> bool:
    """Whether an alarm stops a deployment of CodeDeploy without a rollback."""
    events = [each.literal for each in rollback["Events"].items]
    on_alarm = None in events or "DEPLOYMENT_STOP_ON_ALARM" in events
    return not rollback.opaque and (not rollback["Enabled"].given or rollback["Enabled"].false or not on_alarm)


def _unknown(stack: Stack, names: list[Node]) -> Iterator[Finding]:
    """The names that are not the name of an alarm."""
    known = alarms(stack) + stack.of("AWS::CloudWatch::CompositeAlarm")
    for node in names:
        value = stack.expanded(node.text)
        ref = node.text.reference if node.text is not None else None
        if ref is not None and ref.name in stack.resources and stack.resources[ref.name] not in known:
            yield finding(node, f"{ref} is not an alarm")
        elif ref is not None and ref.attribute == "Arn":
            yield finding(node, f"{ref} is an ARN; expected the alarm's name")
        elif (
            ref is None
            and known
            and all(differ(stack.name_of(alarm), value) or not alarm["AlarmName"].given for alarm in known)
        ):
            yield finding(node, f"No alarm of this template is named {value}")
