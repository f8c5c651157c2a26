from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import predefined, tracking


class CpuTarget(Rule):
    """The target of a policy on a service's CPU or memory is between 10 and 90 percent.

    Risk: Above 90, the service scales out too late or never. Below 10 (0.5 is half a percent), it always runs the
    maximum number of tasks.

    Fix: Set TargetValue to a value such as 50.
    """

    id = "E9609"
    shortdesc = "A CPU target is between 10 and 90 percent"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            node = tracking(policy)["TargetValue"]
            kind = predefined(policy) or ""
            if kind.startswith("ECSServiceAverage") and node.number is not None and not 10 <= node.number <= 90:
                yield finding(node, f"{node.literal} percent is not a useful target for {kind}")
