from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY, alarms, mentions
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class AlarmActs(Rule):
    """An alarm has an action that is switched on, or is read by a composite alarm or a deployment.

    Risk: The alarm fires and no notification is sent.

    Fix: Name an SNS topic in AlarmActions.
    """

    id = "E9501"
    shortdesc = "An alarm has an action"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html"
    tags = ["R4", "alarms"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        readers = stack.of("AWS::CloudWatch::CompositeAlarm", "AWS::ECS::Service", "AWS::CodeDeploy::DeploymentGroup")
        for alarm in alarms(stack):
            name = alarm["AlarmName"].text
            if any(alarm.id in one.named or (name and mentions(one, name.plain)) for one in readers):
                continue
            scales = any(stack.resource(node, POLICY) for node in alarm["OKActions"].items)
            if not scales and not alarm["AlarmActions"].items and not alarm["InsufficientDataActions"].items:
                yield finding(
                    alarm["AlarmActions"] if alarm["AlarmActions"].given else alarm.here, f"{alarm.id} has no action"
                )
            elif alarm["ActionsEnabled"].false:
                yield finding(alarm["ActionsEnabled"], f"The actions of {alarm.id} are switched off")
