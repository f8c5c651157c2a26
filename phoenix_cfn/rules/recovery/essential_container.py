"""E9305: The application's container is essential."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import app_containers


class EssentialContainer(Rule):
    """The container behind the load balancer is essential to its task, or is restarted by a policy of its own.

    Risk: When the process dies the task lives on without it: ECS sees nothing to replace.

    Fix: Leave Essential out, or set it to true.
    """

    id = "E9305"
    shortdesc = "The application's container is essential"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for _, _, container in app_containers(stack):
            if container["Essential"].false and not container.at("RestartPolicy", "Enabled").true:
                yield finding(container["Essential"], f"Nobody restarts {container['Name'].text} when it dies")
