from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import follows_requests, policies_of, scalable_target, scaled_service, targets
from phoenix_cfn.rules._service import applications, self_contained


class ServiceScales(Rule):
    """The application's service has a scalable target with a policy on the number of requests.

    Risk: Above 10 requests per second the service does not scale, or only when the CPU is busy.

    Fix: Add a ScalableTarget, and a target-tracking policy on ALBRequestCountPerTarget.
    """

    id = "E9601"
    shortdesc = "The service scales with its requests"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html"
    tags = ["R6", "scaling"]
    kata = True
    in_every_scenario = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        if any(scaled_service(stack, target["ResourceId"]) is None for target in targets(stack)):
            return
        for service in applications(stack):
            target = scalable_target(stack, service)
            policies = policies_of(stack, target) if target is not None else []
            if policies is None or any(follows_requests(stack, policy) for policy in policies):
                continue
            if not self_contained(service):
                continue
            if target is None:
                yield finding(service.here, f"{service.id} has no scalable target")
            else:
                yield finding(target.here, f"No policy of {target.id} measures the number of requests")
