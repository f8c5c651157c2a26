from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import scalable_target
from phoenix_cfn.rules._service import services, target_groups


class TwoTasks(Rule):
    """A service that is alone behind its load balancer runs at least two tasks.

    Risk: Every request to /crash interrupts the application until a new task has started.

    Fix: Set MinCapacity of the scalable target (or DesiredCount, without scaling) to 2 or more.
    """

    id = "W9308"
    shortdesc = "A second task runs while the first is replaced"
    source_url = "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html"
    tags = ["R2", "recovery"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if not target_groups(service):
                continue
            target = scalable_target(stack, service)
            node = target["MinCapacity"] if target is not None else service["DesiredCount"]
            if node.number is not None and node.number == 1:
                yield finding(node, f"{service.id} may run on a single task")
