from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._logs import undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers, app_containers


class ContainerLogs(Rule):
    """The container behind the load balancer has a log configuration, and its log group is declared in the template.

    Risk: The container's output is lost when the task stops; or the log group is missing and no task starts; or it is
    created without a retention.

    Fix: Declare the log group, and set awslogs-group to a Ref of it.
    """

    id = "E9402"
    shortdesc = "The output of a container is kept"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for _, _, container in app_containers(stack):
            if not container["LogConfiguration"].given:
                yield finding(container, f"The output of {container['Name'].text} is lost when its task stops")
        for container in all_containers(stack):
            group = container.at("LogConfiguration", "Options", "awslogs-group")
            if container.at("LogConfiguration", "LogDriver").literal == "awslogs" and undeclared(stack, group.text):
                yield finding(group, f"The template declares no log group {group.text}")
