"""E9402: What a container prints is kept."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._logs import undeclared
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import all_containers, app_containers


class ContainerLogs(Rule):
    """The container behind the load balancer has a log configuration, and writes to a log group that the template
    declares.

    Risk: Its output is lost with the task; or the group is missing and no task starts; or it is made without a
    retention.

    Fix: Declare the log group, and name it by Ref in awslogs-group.
    """

    id = "E9402"
    shortdesc = "What a container prints is kept"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
    tags = ["R3", "retention"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for _, _, container in app_containers(stack):
            if not container["LogConfiguration"].given:
                yield finding(container, f"What {container['Name'].text} prints is lost with its task")
        for container in all_containers(stack):
            group = container.at("LogConfiguration", "Options", "awslogs-group")
            if container.at("LogConfiguration", "LogDriver").literal == "awslogs" and undeclared(stack, group.text):
                yield finding(group, f"The template declares no log group {group.text}")
