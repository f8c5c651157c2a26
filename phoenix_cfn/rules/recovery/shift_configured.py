"""E9310: A deployment that shifts requests has two target groups, a rule and a role."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployments import Shift, shifts
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import LISTENER


class ShiftConfigured(Rule):
    """A service with the strategy BLUE_GREEN, CANARY or LINEAR names for each target group another one, the listener
    rule whose weights ECS changes, and a role that may change them. The rule for tests is another rule.

    Risk: ECS refuses the service: advancedConfiguration is required for all load balancers, and for an Application
    Load Balancer a rule, not a listener.

    Fix: Set AdvancedConfiguration with AlternateTargetGroupArn, ProductionListenerRule and RoleArn. Name an
    AWS::ElasticLoadBalancingV2::ListenerRule.
    """

    id = "E9310"
    shortdesc = "A deployment that shifts requests has two target groups, a rule and a role"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for shift in shifts(stack):
            if shift.advanced.opaque:
                continue
            if not shift.advanced.given:
                yield finding(shift.node, f"{shift.service.id} shifts requests, and this has no AdvancedConfiguration")
                continue
            yield from _lacking(shift)
            yield from _routes(shift)


def _lacking(shift: Shift) -> Iterator[Finding]:
    for key in ("AlternateTargetGroupArn", "ProductionListenerRule", "RoleArn"):
        if not shift.advanced[key].given:
            yield finding(shift.advanced, f"{shift.service.id} shifts requests, and this lacks {key}")
    if shift.alternate is not None and shift.alternate is shift.target_group:
        node = shift.advanced["AlternateTargetGroupArn"]
        yield finding(node, f"{shift.alternate.id} is the target group, too: the alternate one is another")


def _routes(shift: Shift) -> Iterator[Finding]:
    production, test = (shift.advanced[key] for key in ("ProductionListenerRule", "TestListenerRule"))
    for node in (production, test):
        listener = shift.service.stack.resource(node, LISTENER)
        if listener is not None and listener["Protocol"].literal in ("HTTP", "HTTPS"):
            yield finding(node, f"{listener.id} is a listener; of an Application Load Balancer ECS wants a rule")
    if test.given and test.text == production.text:
        yield finding(test, "This is the production rule, too: test requests need a rule of their own")
