"""The Application Load Balancer with its listeners and target groups."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from troposphere import AWSHelperFn, GetAtt, Ref
from troposphere.cloudwatch import MetricDimension
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Listener,
    ListenerAttribute,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    RedirectConfig,
    TargetGroup,
    TargetGroupAttribute,
)

from phoenix_cfn.infrastructure.https import alias_record, certificate
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.scope import Scope, part
from phoenix_cfn.template import suppress

# Seconds that the load balancer keeps an idle connection; the application must keep it open for longer.
IDLE_TIMEOUT = 60
# TLS 1.3 and 1.2, with forward secrecy and authenticated encryption only.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
# One year, for which browsers use HTTPS for the domain.
HSTS_SECONDS = 31_536_000


class LoadBalancing(Struct, frozen=True):
    """`target_group`: the targets are the tasks; `listener`: forwards requests of `load_balancer` to it.

    `alternate`: the second target group, for deployments that shift requests from one version to another.
    """

    load_balancer: LoadBalancer
    target_group: TargetGroup
    listener: Listener
    alternate: TargetGroup | None = None

    @property
    def target_groups(self) -> list[TargetGroup]:
        """All target groups that may have tasks of the running version."""
        return [self.target_group] if self.alternate is None else [self.target_group, self.alternate]

    def numbered(self, name: str) -> dict[str, TargetGroup]:
        """The target groups by the id of their metric: `name` for a single one, `name1` and `name2` for two."""
        if self.alternate is None:
            return {name: self.target_group}
        return {f"{name}{number}": group for number, group in enumerate(self.target_groups, start=1)}

    def dimensions(self, target_group: TargetGroup | None = None) -> list[MetricDimension]:
        """The dimensions of a target group's metrics in AWS/ApplicationELB, by default those of `target_group`."""
        group = target_group or self.target_group
        return [
            MetricDimension(Name="LoadBalancer", Value=GetAtt(self.load_balancer, "LoadBalancerFullName")),
            MetricDimension(Name="TargetGroup", Value=GetAtt(group, "TargetGroupFullName")),
        ]


@part
def load_balancer(scope: Scope, network: Network) -> LoadBalancing:
    """Public, in both zones, on port 80; with HTTPS on port 443, and a redirect from port 80."""
    balancer = scope.add(
        LoadBalancer(
            "LoadBalancer",
            Metadata=suppress(
                checkov={"CKV_AWS_91": "The application logs every request itself; logs are kept for seven days."}
            ),
            **_after_the_route(network),
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
    certificate_arn = certificate(scope)
    if certificate_arn is None:
        listener = _listener(scope, balancer, target_group, alternate)
    else:
        listener = _https_listener(scope, balancer, certificate_arn, target_group, alternate)
        _redirect(scope, balancer, listener)
        alias_record(scope, balancer)
    return LoadBalancing(balancer, target_group, listener, alternate)


def _after_the_route(network: Network) -> dict[str, Any]:
    """The load balancer depends on the route to the internet, if the stack creates it."""
    return {"DependsOn": network.internet_route} if network.internet_route else {}


def _before_the_groups(scope: Scope, alternate: TargetGroup | None) -> dict[str, Any]:
    """CodeDeploy makes the listener forward to either group: the listener must be deleted before both."""
    return {"DependsOn": alternate} if scope.settings.deployment.strategy == "codedeploy" else {}


def _target_group(scope: Scope, network: Network, title: str) -> TargetGroup:
    """The target group of the tasks, with its health check."""
    return scope.add(
        TargetGroup(
            title,
            VpcId=Ref(network.vpc),
            TargetType="ip",
            Protocol="HTTP",
            Port=Ref(scope.parameters.container_port),
            HealthCheckPath=scope.settings.service.health_check_path,
            # A task becomes unhealthy after 30 seconds of failed health checks, and healthy after 20 seconds: a single
            # slow response, while certificates are created, does not make it unhealthy.
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=3,
            Matcher=Matcher(HttpCode="200"),
            TargetGroupAttributes=[
                # A deregistered task can complete its requests within its StopTimeout.
                TargetGroupAttribute(
                    Key="deregistration_delay.timeout_seconds", Value=str(scope.settings.service.stop_timeout)
                ),
                # A task that is busy with certificates receives fewer new requests.
                TargetGroupAttribute(Key="load_balancing.algorithm.type", Value="least_outstanding_requests"),
            ],
        )
    )


def _listener(
    scope: Scope, balancer: LoadBalancer, target_group: TargetGroup, alternate: TargetGroup | None
) -> Listener:
    """HTTP from port 80 to the target group, with security headers."""
    return scope.add(
        Listener(
            "Listener",
            Metadata=suppress(
                checkov={
                    "CKV_AWS_2": "HTTPS needs a certificate, and that a domain, which the kata does not have.",
                    "CKV_AWS_103": "No TLS without a certificate; see CKV_AWS_2.",
                }
            ),
            **_before_the_groups(scope, alternate),
            LoadBalancerArn=Ref(balancer),
            Protocol="HTTP",
            Port=80,
            DefaultActions=[Action(Type="forward", TargetGroupArn=Ref(target_group))],
            ListenerAttributes=_headers(scope),
        )
    )


def _https_listener(
    scope: Scope,
    balancer: LoadBalancer,
    certificate_arn: AWSHelperFn,
    target_group: TargetGroup,
    alternate: TargetGroup | None,
) -> Listener:
    """HTTPS from port 443 to the target group, with HSTS."""
    return scope.add(
        Listener(
            "HttpsListener",
            **_before_the_groups(scope, alternate),
            LoadBalancerArn=Ref(balancer),
            Protocol="HTTPS",
            Port=443,
            SslPolicy=TLS_POLICY,
            Certificates=[Certificate(CertificateArn=certificate_arn)],
            DefaultActions=[Action(Type="forward", TargetGroupArn=Ref(target_group))],
            ListenerAttributes=[
                *_headers(scope),
                ListenerAttribute(
                    Key="routing.http.response.strict_transport_security.header_value", Value=f"max-age={HSTS_SECONDS}"
                ),
            ],
        )
    )


def _redirect(scope: Scope, balancer: LoadBalancer, https: Listener) -> Listener:
    """The redirect from port 80 to port 443. A stage without HTTPS serves on port 80 until `https` exists."""
    return scope.add(
        Listener(
            "Listener",
            DependsOn=https,
            LoadBalancerArn=Ref(balancer),
            Protocol="HTTP",
            Port=80,
            DefaultActions=[
                Action(
                    Type="redirect",
                    RedirectConfig=RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301"),
                )
            ],
            ListenerAttributes=_headers(scope),
        )
    )


def _headers(scope: Scope) -> list[ListenerAttribute]:
    """Security headers. The load balancer overwrites those of the application."""
    headers = {
        "routing.http.response.server.enabled": "false",
        "routing.http.response.x_content_type_options.header_value": "nosniff",
        "routing.http.response.x_frame_options.header_value": "DENY",
    }
    if policy := scope.settings.load_balancer.content_security_policy:
        headers["routing.http.response.content_security_policy.header_value"] = policy
    return [ListenerAttribute(Key=key, Value=value) for key, value in headers.items()]
