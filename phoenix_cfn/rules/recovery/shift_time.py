from __future__ import annotations

import math
from collections.abc import Iterator

from phoenix_cfn.rules._deployments import shifts
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

_LONGEST = 33 * 60


class ShiftTime(Rule):
    """The steps and the bake time of a deployment that shifts requests take at most 33 hours in total.

    Risk: CloudFormation refuses the service.

    Fix: Use larger or shorter steps, or a shorter BakeTimeInMinutes.
    """

    id = "E9316"
    shortdesc = "A deployment that shifts requests takes at most 33 hours"
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
                yield finding(configuration, f"This deployment takes {minutes:.0f} minutes; the maximum is {_LONGEST}")
