"""E9306: The target group finds out when a task does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services, target_groups


class HealthCheckOn(Rule):
    """The health check of a service's target group is on, and, behind an Application Load Balancer, its timeout is
    shorter than its interval.

    Risk: A process that hangs keeps getting requests for ever.

    Fix: Leave HealthCheckEnabled out, and keep HealthCheckTimeoutSeconds below HealthCheckIntervalSeconds.
    """

    id = "E9306"
    shortdesc = "The target group finds out when a task does not answer"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for target_group in target_groups(service):
                if target_group["HealthCheckEnabled"].false:
                    yield finding(
                        target_group["HealthCheckEnabled"], f"{target_group.id} never finds out that a task hangs"
                    )
                timeout, interval = (
                    target_group["HealthCheckTimeoutSeconds"],
                    target_group["HealthCheckIntervalSeconds"],
                )
                if target_group["Protocol"].literal not in ("HTTP", "HTTPS"):
                    continue
                if timeout.number is not None and not interval.unknown and timeout.number >= (interval.number or 30):
                    yield finding(
                        timeout, f"The timeout is not shorter than the interval of {interval.literal or 30} seconds"
                    )
