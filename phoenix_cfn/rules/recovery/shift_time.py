"""E9316: A deployment that shifts requests ends in time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from phoenix_cfn.rules._deployments import shifts
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

_LONGEST = 33 * 60


class ShiftTime(Rule):
    """The steps of a deployment that shifts requests and its bake time take at most 33 hours together.

    Risk: CloudFormation refuses the service.

    Fix: Take larger or shorter steps, or a shorter BakeTimeInMinutes.
    """

    id = "E9316"
    shortdesc = "A deployment that shifts requests ends in time"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-deploymentconfiguration.html"
    tags = ["R2", "recovery"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for shift in shifts(stack):
            configuration = shift.service["DeploymentConfiguration"]
            canary, linear = configuration["CanaryConfiguration"], configuration["LinearConfiguration"]
            minutes = configuration["BakeTimeInMinutes"].number or 0
            if configuration["Strategy"].literal == "CANARY":
                minutes += canary["CanaryBakeTimeInMinutes"].number or 0
            elif configuration["Strategy"].literal == "LINEAR":
                percent = linear["StepPercent"].number or 10
                minutes += math.ceil(100 / percent) * (linear["StepBakeTimeInMinutes"].number or 0)
            if minutes > _LONGEST:
                yield finding(configuration, f"This takes {minutes:.0f} minutes; at most {_LONGEST} are possible")
