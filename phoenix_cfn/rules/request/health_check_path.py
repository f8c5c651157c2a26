from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._service import UNWANTED, all_containers


def unwanted(path: str | None) -> bool:
    """Whether a path is one of the unwanted endpoints, however it is written."""
    return (path or "").split("?")[0].rstrip("/").lower() in UNWANTED


class HealthCheckPath(Rule):
    """No health check requests /crash or /generatecert.

    Risk: The health check terminates the process, or causes CPU peaks.

    Fix: Use a path that responds quickly and has no side effects, such as /health or /.
    """

    id = "E9111"
    shortdesc = "Health checks do not use the two unwanted endpoints"
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    tags = ["R2", "request"]
    kata = True

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for target_group in stack.of("AWS::ElasticLoadBalancingV2::TargetGroup"):
            path = target_group["HealthCheckPath"]
            if unwanted(path.literal):
                yield finding(path, f"The health check requests {path.literal}")
        for check in stack.of("AWS::Route53::HealthCheck"):
            path = check.at("HealthCheckConfig", "ResourcePath")
            if unwanted(path.literal):
                yield finding(path, f"The health check requests {path.literal}")
        for container in all_containers(stack):
            for word in container.at("HealthCheck", "Command").items:
                if any(endpoint in (word.literal or "").lower() for endpoint in UNWANTED):
                    yield finding(word, f"The health check runs {word.literal}")
