from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._network import different_numbers
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import registrations, services


class TargetGroupPort(Rule):
    """The default port of a target group of ip targets is the port on which the service registers its container.

    Risk: ECS overrides the default port when it registers a task, so requests arrive. But the port in the template is
    wrong for a reader, and for a target that is registered by hand.

    Fix: Use the same port, preferably one parameter, for the target group and the container.
    """

    id = "W9109"
    shortdesc = "The target group's port is the container's"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for registration in registrations(service):
                target_group = registration.target_group
                if target_group is None or target_group["TargetType"].literal != "ip":
                    continue
                if different_numbers(target_group["Port"].text, registration.port):
                    yield finding(
                        target_group["Port"],
                        f"{target_group.id} has port {target_group['Port'].text}, the container {registration.port}",
                    )
