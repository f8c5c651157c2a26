from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployments import Shift, shifts
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import LISTENER


class ShiftConfigured(Rule):
    """A service with the strategy BLUE_GREEN, CANARY or LINEAR has for each target group an alternate one, the listener
    rule whose weights ECS changes, and a role that may change them. The test rule is a different rule.

    Risk: ECS refuses the service: advancedConfiguration is required for all load balancers, and for an Application
    Load Balancer a rule, not a listener.

    Fix: Set AdvancedConfiguration with AlternateTargetGroupArn, ProductionListenerRule and RoleArn. The rule is an
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
                yield finding(
                    shift.node, f"{shift.service.id} shifts requests; this entry has no AdvancedConfiguration"
                )
                continue
            yield from _lacking(shift)
            yield from _routes(shift)


def _lacking(shift: Shift) -> Iterator[Finding]:
    for key in ("AlternateTargetGroupArn", "ProductionListenerRule", "RoleArn"):
        if not shift.advanced[key].given:
            yield finding(shift.advanced, f"{shift.service.id} shifts requests; this entry has no {key}")
    if shift.alternate is not None and shift.alternate is shift.target_group:
        node = shift.advanced["AlternateTargetGroupArn"]
        yield finding(
            node, f"{shift.alternate.id} is also the target group; the alternate target group must be a different one"
        )


def _routes(shift: Shift) -> Iterator[Finding]:
    production, test = (shift.advanced[key] for key in ("ProductionListenerRule", "TestListenerRule"))
    for node in (production, test):
        listener = shift.service.stack.resource(node, LISTENER)
        if listener is not None and listener["Protocol"].literal in ("HTTP", "HTTPS"):
            yield finding(
                node, f"{listener.id} is a listener; for an Application Load Balancer, ECS requires a listener rule"
            )
    if test.given and test.text == production.text:
        yield finding(test, "This is also the production rule; test requests need a separate rule")
