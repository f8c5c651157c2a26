from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services


class CircuitBreaker(Rule):
    """A service has a deployment circuit breaker, with rollback, unless it is behind a Classic Load Balancer.

    Risk: With an image that crashes at start, the stack waits for hours, and the deployment does not roll back to the
    last good version.

    Fix: Set Enable and Rollback of DeploymentCircuitBreaker to true.
    """

    id = "E9301"
    shortdesc = "A deployment that cannot succeed stops and rolls back"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            if (
                service.at("DeploymentController", "Type").literal not in (None, "ECS")
                or service["SchedulingStrategy"].literal == "DAEMON"
                # ECS does not count the deployments of a service behind a Classic Load Balancer.
                or any(each["LoadBalancerName"].given for each in service["LoadBalancers"].items)
            ):
                continue
            breaker = service.at("DeploymentConfiguration", "DeploymentCircuitBreaker")
            if breaker.opaque or service["DeploymentConfiguration"].opaque:
                continue
            if not breaker.given:
                yield finding(service.here, f"{service.id} has no circuit breaker")
                continue
            lacked = [key for key in ("Enable", "Rollback") if not breaker[key].true and not breaker[key].unknown]
            if lacked:
                what = " and ".join(f"{key}: true" for key in lacked)
                yield finding(breaker[lacked[0]], f"The circuit breaker of {service.id} lacks {what}")
