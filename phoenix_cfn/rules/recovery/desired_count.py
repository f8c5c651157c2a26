from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import scalable_target
from phoenix_cfn.rules._service import services


class DesiredCount(Rule):
    """A service that scales has no DesiredCount; the scalable target's MinCapacity is its minimum.

    Risk: Each deployment resets the number of tasks, also under load.

    Fix: Remove DesiredCount; MinCapacity of the scalable target starts the tasks.
    """

    id = "E9302"
    shortdesc = "Only scaling sets the number of tasks"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if service["DesiredCount"].given and scalable_target(stack, service) is not None:
                yield finding(
                    service["DesiredCount"],
                    f"With DesiredCount, each deployment resets the number of tasks of {service.id}",
                )
