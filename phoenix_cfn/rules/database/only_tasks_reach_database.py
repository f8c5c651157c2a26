from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._network import default_port, groups, ingress
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services, task_groups


class OnlyTasksReachDatabase(Rule):
    """The database's security groups allow security groups of tasks, and neither address ranges nor other groups.

    Risk: Other hosts in the network, or on the internet, can try passwords on the database.

    Fix: Set the tasks' security group as the only source.
    """

    id = "E9202"
    shortdesc = "Only the tasks can connect to the database"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-security.html"
    tags = ["security", "database"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        tasks = [group for service in services(stack) for group in task_groups(stack, service)]
        for cluster in clusters(stack):
            own = groups(stack, cluster["VpcSecurityGroupIds"])
            for opening in (one for group in own for one in ingress(stack, group)):
                if opening.admits(default_port(stack, cluster)) is False:
                    continue
                if opening.is_network:
                    yield finding(opening.node, f"{cluster.id} allows the addresses {opening.cidr}, not only the tasks")
                elif opening.group is not None and tasks and not any(opening.group is one for one in [*tasks, *own]):
                    yield finding(opening.node, f"{cluster.id} allows {opening.group.id}, which no task has")
