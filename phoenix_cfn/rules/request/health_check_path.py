"""E9111: Health checks keep away from the two unwanted endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import UNWANTED, all_containers


def unwanted(path: str | None) -> bool:
    """Whether a path is one of the unwanted endpoints, however it is written."""
    return (path or "").split("?")[0].rstrip("/").lower() in UNWANTED


class HealthCheckPath(Rule):
    """No health check asks /crash or /generatecert.

    Risk: The check itself kills the process, or makes the CPU peaks that it should survive.

    Fix: Ask a path that answers quickly and does nothing else, such as /health or /.
    """

    id = "E9111"
    shortdesc = "Health checks keep away from the two unwanted endpoints"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["R2", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for target_group in stack.of("AWS::ElasticLoadBalancingV2::TargetGroup"):
            path = target_group["HealthCheckPath"]
            if unwanted(path.literal):
                yield finding(path, f"The health check asks {path.literal}")
        for check in stack.of("AWS::Route53::HealthCheck"):
            path = check.at("HealthCheckConfig", "ResourcePath")
            if unwanted(path.literal):
                yield finding(path, f"The health check asks {path.literal}")
        for container in all_containers(stack):
            for word in container.at("HealthCheck", "Command").items:
                if any(endpoint in (word.literal or "").lower() for endpoint in UNWANTED):
                    yield finding(word, f"The health check runs {word.literal}")
