"""What Amazon ECS does where no registry schema says it."""

from __future__ import annotations

# Seconds. As finely as a service can publish its metrics; without Monitoring it is a minute.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-metricconfiguration.html
FINE_RESOLUTION = 20
