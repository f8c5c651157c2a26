"""E9302: The number of tasks is left to scaling."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import scalable_target
from phoenix_cfn.rules._service import services


class DesiredCount(Rule):
    """A service that scales has no DesiredCount; its floor is the scalable target's MinCapacity.

    Risk: Each deployment sets the number back, in the middle of the load that scaling answered.

    Fix: Remove DesiredCount; MinCapacity of the scalable target starts as many tasks.
    """

    id = "E9302"
    shortdesc = "The number of tasks is left to scaling"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if service["DesiredCount"].given and scalable_target(stack, service) is not None:
                yield finding(service["DesiredCount"], f"DesiredCount undoes what scaling did to {service.id}")
