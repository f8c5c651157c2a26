"""The entrance: an Application Load Balancer that asks each task how it is."""

from __future__ import annotations

from dataclasses import dataclass

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
    """`target_group`: the addresses of the tasks; `listener`: forwards from `load_balancer` to it."""

    load_balancer: LoadBalancer
    target_group: TargetGroup
    listener: Listener

    def dimensions(self) -> list[MetricDimension]:
        """Of the metrics in AWS/ApplicationELB that measure this target group."""
        return [
            MetricDimension(Name="LoadBalancer", Value=GetAtt(self.load_balancer, "LoadBalancerFullName")),
            MetricDimension(Name="TargetGroup", Value=GetAtt(self.target_group, "TargetGroupFullName")),
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
    target_group = _target_group(scope, network)
    return LoadBalancing(balancer, target_group, _listener(scope, balancer, target_group))


def _target_group(scope: Scope, network: Network) -> TargetGroup:
    """The tasks that answer the health check."""
    return scope.add(
        TargetGroup(
            "TargetGroup",
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


def _listener(scope: Scope, balancer: LoadBalancer, target_group: TargetGroup) -> Listener:
    """HTTP from port 80 to the target group, with the headers that make browsers careful."""
    return scope.add(
        Listener(
            "Listener",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_2": "HTTPS needs a certificate, and that a domain, which the kata does not have.",
                    "CKV_AWS_103": "No TLS without a certificate; see CKV_AWS_2.",
                }
            ),
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
