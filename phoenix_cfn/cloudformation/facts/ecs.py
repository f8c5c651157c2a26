"""Facts of Amazon ECS that are not in a registry schema."""

from __future__ import annotations

# Seconds. The highest resolution of a service's metrics; without Monitoring it is 60 seconds.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-metricconfiguration.html
FINE_RESOLUTION = 20
