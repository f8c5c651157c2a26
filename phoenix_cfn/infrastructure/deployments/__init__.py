"""How a release replaces the tasks of the one before: a file for each strategy."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSObject
from troposphere.ecs import DeploymentConfiguration, LoadBalancer


@dataclass(frozen=True)
class Deployment:
    """`configuration` and `load_balancers`: properties of the ECS service; `waits_for`: what must exist before it."""

    configuration: DeploymentConfiguration
    load_balancers: list[LoadBalancer]
    waits_for: list[AWSObject]
