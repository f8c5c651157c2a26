from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import forwarders, registrations, services


class ServiceWaitsForListener(Rule):
    """A service depends on a listener or a listener rule that forwards to its target group.

    Risk: Creating the stack is a race: until a listener or a rule forwards to the target group, it is associated with
    no load balancer, and ECS refuses the service.

    Fix: Add the listener or the rule to the service's DependsOn.
    """

    id = "E9117"
    shortdesc = "The service depends on its listener"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
    tags = ["wiring", "request"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for registration in registrations(service):
                target_group = registration.target_group
                found = {one.id for one in forwarders(stack, target_group)} if target_group is not None else set()
                if found and not stack.waits_for(service, found):
                    yield finding(service.here, f"{service.id} does not depend on {' or '.join(sorted(found))}")
