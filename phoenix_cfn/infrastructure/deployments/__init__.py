"""How a release replaces the tasks of the one before: a file for each strategy."""

from __future__ import annotations

from msgspec import Struct
from troposphere import AWSObject
from troposphere.ecs import DeploymentConfiguration, LoadBalancer


class Deployment(Struct, frozen=True):
    """`configuration` and `load_balancers`: properties of the ECS service; `waits_for`: what must exist before it."""

    configuration: DeploymentConfiguration
    load_balancers: list[LoadBalancer]
    waits_for: list[AWSObject]
