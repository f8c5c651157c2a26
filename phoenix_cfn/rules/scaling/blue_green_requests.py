from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._metrics import POLICY
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding
from phoenix_cfn.rules._scaling import TARGET, predefined, scaled_service, tracking


class BlueGreenRequests(Rule):
    """A service whose deployments shift requests does not scale on ALBRequestCountPerTarget.

    Risk: The metric measures one of the two target groups: after a deployment it has no requests.

    Fix: Add the RequestCountPerTarget of both target groups with metric math.
    """

    id = "E9611"
    shortdesc = "Request scaling works with the deployment strategy"
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html"
    tags = ["R6", "scaling"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for policy in stack.of(POLICY):
            if predefined(policy) != "ALBRequestCountPerTarget":
                continue
            target = stack.resource(policy["ScalingTargetId"], TARGET)
            service = scaled_service(stack, target["ResourceId"]) if target is not None else None
            if service is None:
                continue
            strategy = service.at("DeploymentConfiguration", "Strategy").literal
            if (
                strategy in ("BLUE_GREEN", "LINEAR", "CANARY")
                or service.at("DeploymentController", "Type").literal == "CODE_DEPLOY"
            ):
                yield finding(
                    tracking(policy)["PredefinedMetricSpecification"],
                    f"{strategy or 'CODE_DEPLOY'} deployments of {service.id} change its target group",
                )
