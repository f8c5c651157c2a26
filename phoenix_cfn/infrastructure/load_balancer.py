"""The entrance: an Application Load Balancer that asks each task how it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Ref
from troposphere.cloudwatch import MetricDimension
from troposphere.elasticloadbalancingv2 import (
    Action,
    Listener,
    ListenerAttribute,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    TargetGroup,
    TargetGroupAttribute,
)

from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

# Seconds that the load balancer keeps a quiet connection; the application must keep its side open for longer.
IDLE_TIMEOUT = 60
# Seconds that a task which leaves may still finish what it began: as long as its StopTimeout.
DEREGISTRATION_DELAY = 30


@dataclass(frozen=True)
class LoadBalancing:
    """`target_group`: the addresses of the tasks; `listener`: forwards from `load_balancer` to it.

    `alternate`: the second target group, where a deployment shifts requests from one version to the other.
    """

    load_balancer: LoadBalancer
    target_group: TargetGroup
    listener: Listener
    alternate: TargetGroup | None = None

    @property
    def target_groups(self) -> list[TargetGroup]:
        """Every target group that may have the tasks of the running version."""
        return [self.target_group] if self.alternate is None else [self.target_group, self.alternate]

    def numbered(self, name: str) -> dict[str, TargetGroup]:
        """The target groups by an identifier of their metric: `name` for a single one, `name1` and `name2` for two."""
        if self.alternate is None:
            return {name: self.target_group}
        return {f"{name}{number}": group for number, group in enumerate(self.target_groups, start=1)}

    def dimensions(self, target_group: TargetGroup | None = None) -> list[MetricDimension]:
        """Of the metrics in AWS/ApplicationELB that measure a target group, by default `target_group` of this class."""
        group = target_group or self.target_group
        return [
            MetricDimension(Name="LoadBalancer", Value=GetAtt(self.load_balancer, "LoadBalancerFullName")),
            MetricDimension(Name="TargetGroup", Value=GetAtt(group, "TargetGroupFullName")),
        ]


@part
def load_balancer(scope: Scope, network: Network) -> LoadBalancing:
    """Public, in both zones, on port 80."""
    balancer = scope.add(
        LoadBalancer(
            "LoadBalancer",
            Metadata=suppress(
                checkov={"CKV_AWS_91": "The application logs every request itself, kept for seven days."}
            ),
            DependsOn=network.internet_route,
            Scheme="internet-facing",
            Type="application",
            Subnets=[Ref(subnet) for subnet in network.public],
            SecurityGroups=[GetAtt(network.groups.load_balancer, "GroupId")],
            LoadBalancerAttributes=[
                LoadBalancerAttributes(Key="idle_timeout.timeout_seconds", Value=str(IDLE_TIMEOUT)),
                LoadBalancerAttributes(Key="routing.http.drop_invalid_header_fields.enabled", Value="true"),
                LoadBalancerAttributes(Key="routing.http.desync_mitigation_mode", Value="defensive"),
            ],
        )
    )
    target_group = _target_group(scope, network, "TargetGroup")
    alternate = _target_group(scope, network, "AlternateTargetGroup") if scope.settings.deployment.shifts else None
    return LoadBalancing(balancer, target_group, _listener(scope, balancer, target_group, alternate), alternate)


def _target_group(scope: Scope, network: Network, title: str) -> TargetGroup:
    """The tasks that answer the health check."""
    return scope.add(
        TargetGroup(
            title,
            VpcId=Ref(network.vpc),
            TargetType="ip",
            Protocol="HTTP",
            Port=Ref(scope.parameters.container_port),
            HealthCheckPath=scope.settings.service.health_check_path,
            # A task is taken out after 30 seconds of silence, and comes back after 20 of good answers: a single slow
            # answer, while certificates are made, takes nobody out.
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=3,
            Matcher=Matcher(HttpCode="200"),
            TargetGroupAttributes=[
                TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value=str(DEREGISTRATION_DELAY)),
                # A task that is busy with certificates gets fewer new requests.
                TargetGroupAttribute(Key="load_balancing.algorithm.type", Value="least_outstanding_requests"),
            ],
        )
    )


def _listener(
    scope: Scope, balancer: LoadBalancer, target_group: TargetGroup, alternate: TargetGroup | None
) -> Listener:
    """HTTP from port 80 to the target group, with the headers that make browsers careful."""
    # CodeDeploy changes the listener to forward to either group: it must be deleted before both of them.
    order: dict[str, Any] = {"DependsOn": alternate} if scope.settings.deployment.strategy == "codedeploy" else {}
    return scope.add(
        Listener(
            "Listener",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_2": "HTTPS needs a certificate, and that a domain, which the kata does not have.",
                    "CKV_AWS_103": "No TLS without a certificate; see CKV_AWS_2.",
                }
            ),
            **order,
            LoadBalancerArn=Ref(balancer),
            Protocol="HTTP",
            Port=80,
            DefaultActions=[Action(Type="forward", TargetGroupArn=Ref(target_group))],
            ListenerAttributes=[
                ListenerAttribute(Key="routing.http.response.server.enabled", Value="false"),
                ListenerAttribute(Key="routing.http.response.x_content_type_options.header_value", Value="nosniff"),
                ListenerAttribute(Key="routing.http.response.x_frame_options.header_value", Value="DENY"),
                ListenerAttribute(
                    Key="routing.http.response.content_security_policy.header_value", Value="default-src 'self'"
                ),
            ],
        )
    )
