from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import targets


class SaneBounds(Rule):
    """A scalable target's MinCapacity is at least 1, and its MaxCapacity is higher.

    Risk: The service never scales, or scales in to no task.

    Fix: Set MinCapacity and MaxCapacity to values such as 2 and 4.
    """

    id = "E9606"
    shortdesc = "Scaling has a range above zero"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
    tags = ["R6", "scaling"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for target in targets(stack):
            least, most = target["MinCapacity"], target["MaxCapacity"]
            if least.number is not None and least.number < 1:
                yield finding(least, f"{target.id} may scale in to {least.literal} tasks")
            if least.text is not None and least.text == most.text:
                yield finding(most, f"{target.id} has no range to scale in: {least.text} to {most.text} tasks")
            elif least.number is not None and most.number is not None and most.number <= least.number:
                yield finding(most, f"{target.id} has no range to scale in: {least.literal} to {most.literal} tasks")
