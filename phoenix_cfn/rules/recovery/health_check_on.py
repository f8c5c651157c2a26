from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import services, target_groups


class HealthCheckOn(Rule):
    """The health check of a service's target group is enabled. Behind an Application Load Balancer, its timeout is
    shorter than its interval.

    Risk: A task that hangs still receives requests.

    Fix: Remove HealthCheckEnabled, and set HealthCheckTimeoutSeconds below HealthCheckIntervalSeconds.
    """

    id = "E9306"
    shortdesc = "The target group checks the health of its tasks"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in services(stack):
            for target_group in target_groups(service):
                if target_group["HealthCheckEnabled"].false:
                    yield finding(
                        target_group["HealthCheckEnabled"],
                        f"{target_group.id} has no health check: a task that hangs still receives requests",
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
