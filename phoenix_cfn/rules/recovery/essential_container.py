from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import app_containers


class EssentialContainer(Rule):
    """The container behind the load balancer is essential, or has a restart policy.

    Risk: When the process exits, the task keeps running without it, and ECS does not replace the task.

    Fix: Remove Essential, or set it to true.
    """

    id = "E9305"
    shortdesc = "The application's container is essential"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for _, _, container in app_containers(stack):
            if container["Essential"].false and not container.at("RestartPolicy", "Enabled").true:
                yield finding(container["Essential"], f"ECS does not restart {container['Name'].text} when it exits")
