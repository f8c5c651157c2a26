from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services, target_groups, task_definition


class TargetType(Rule):
    """A target group has TargetType ip for tasks with a network interface of their own (awsvpc), and instance for
    others.

    Risk: ECS cannot register the tasks; creating the service fails.

    Fix: Set TargetType to ip; the default is instance.
    """

    id = "E9104"
    shortdesc = "The target group has the target type of the tasks"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    tags = ["R1", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            task = task_definition(service)
            if task is None:
                continue
            mode = "awsvpc" if service["LaunchType"].literal == "FARGATE" else task["NetworkMode"].literal
            if mode == "awsvpc" and not service["NetworkConfiguration"].given:
                # ECS refuses the service for that: the scenario is never deployed.
                continue
            for target_group in target_groups(service):
                kind = target_group["TargetType"]
                if kind.unknown or (kind.given and kind.literal not in ("ip", "instance")):
                    continue
                wanted = "ip" if mode == "awsvpc" else "instance" if mode in ("bridge", "host") else None
                if wanted is not None and (kind.literal or "instance") != wanted:
                    place = kind if kind.given else target_group.here
                    yield finding(
                        place,
                        f"{target_group.id} has target type {kind.literal or 'instance'}, the tasks need {wanted}",
                    )
