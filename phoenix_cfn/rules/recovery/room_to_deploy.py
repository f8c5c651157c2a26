from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services


class RoomToDeploy(Rule):
    """MinimumHealthyPercent is above 0, and MaximumPercent allows at least one more task.

    Risk: A deployment stops all tasks before new ones run, or cannot start a new task.

    Fix: Remove both (defaults: 100 and 200), or set MinimumHealthyPercent to 100 and MaximumPercent to 200.
    """

    id = "E9303"
    shortdesc = "A deployment keeps tasks running and can start new ones"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if service["SchedulingStrategy"].literal == "DAEMON":
                continue
            deployment = service["DeploymentConfiguration"]
            least, most = deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]
            if least.number == 0:
                yield finding(least, f"A deployment of {service.id} may stop every task before a new one runs")
            elif (
                most.number is not None
                and not least.unknown
                and most.number <= (100 if least.number is None else least.number)
            ):
                yield finding(most, f"A deployment of {service.id} cannot start a new task")
