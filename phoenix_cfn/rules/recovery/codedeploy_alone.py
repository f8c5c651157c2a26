from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._deployments import by_codedeploy
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class CodeDeployAlone(Rule):
    """A service with the deployment controller CODE_DEPLOY has neither a circuit breaker nor alarms nor a strategy.

    Risk: ECS refuses the service: these settings are for deployments by ECS.

    Fix: Remove them from DeploymentConfiguration. Set alarms and rollback in the deployment group.
    """

    id = "E9314"
    shortdesc = "A service that CodeDeploy deploys has no settings for deployments by ECS"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for service in by_codedeploy(stack):
            configuration = service["DeploymentConfiguration"]
            breaker, alarms, strategy = (
                configuration[key] for key in ("DeploymentCircuitBreaker", "Alarms", "Strategy")
            )
            for node in (breaker, alarms):
                if node["Enable"].true:
                    yield finding(node, f"CodeDeploy deploys {service.id}; this setting is for deployments by ECS")
            if strategy.literal not in (None, "ROLLING"):
                yield finding(strategy, f"CodeDeploy deploys {service.id}; {strategy.literal} is a strategy of ECS")
