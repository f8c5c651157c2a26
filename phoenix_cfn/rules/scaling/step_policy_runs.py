from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import steered_by


class StepPolicyRuns(Rule):
    """A step scaling policy is an action of an alarm.

    Risk: The policy never runs.

    Fix: Add the policy to the AlarmActions of an alarm, or use target tracking, which creates its own alarms.
    """

    id = "E9608"
    shortdesc = "An alarm starts a step scaling policy"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-step-scaling-policies.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            exported = any(
                policy.id in {ref.name for ref in value.refs} for _, value in stack.section("Outputs").texts()
            )
            if policy["PolicyType"].literal == "StepScaling" and not steered_by(stack, policy) and not exported:
                yield finding(policy.here, f"No alarm starts {policy.id}")
