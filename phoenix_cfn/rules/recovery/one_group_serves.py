from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployments import Shift, forwards, shifts
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import LISTENER_RULE


class OneGroupServes(Rule):
    """The production rule of a deployment that shifts requests forwards all of them to the service's target group or to
    the alternate one. It names both target groups, unless a test rule names the other one.

    Risk: ECS refuses the deployment: there should be exactly one target group serving traffic, and both must be
    associated with a rule. If the rule names one group only, CloudFormation deletes the other while it is in use.

    Fix: Forward to both groups with ForwardConfig, with the weights 100 and 0.
    """

    id = "E9311"
    shortdesc = "A production rule forwards to one of two target groups"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for shift in shifts(stack):
            rule = stack.resource(shift.advanced["ProductionListenerRule"], LISTENER_RULE)
            weights = forwards(rule) if rule is not None else None
            if rule is None or not weights or shift.target_group is None or shift.alternate is None:
                continue
            pair = {shift.target_group.id, shift.alternate.id}
            serving = {group for group, weight in weights.items() if weight > 0}
            if len(serving) != 1 or not serving <= pair:
                found = " and ".join(sorted(serving)) or "none"
                expected = " or ".join(sorted(pair))
                yield finding(rule["Actions"], f"{rule.id} forwards requests to {found}; expected only {expected}")
            elif absent := pair - set(weights) - _tested(shift):
                yield finding(rule["Actions"], f"{rule.id} does not name {', '.join(sorted(absent))}")


def _tested(shift: Shift) -> set[str]:
    """The target groups that the test rule names."""
    rule = shift.service.stack.resource(shift.advanced["TestListenerRule"], LISTENER_RULE)
    if rule is None:
        # A rule that is not in the template may name any target group.
        known = [group.id for group in (shift.target_group, shift.alternate) if group is not None]
        return set(known) if shift.advanced["TestListenerRule"].given else set()
    return set(forwards(rule) or ())
