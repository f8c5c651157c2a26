"""The entrance: an Application Load Balancer that asks each task how it is."""

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

# Seconds that the load balancer keeps a quiet connection; the application must keep its side open for longer.
IDLE_TIMEOUT = 60
# TLS 1.3 and 1.2, with forward secrecy and authenticated encryption only.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
# A year, for which browsers remember that the domain has HTTPS.
HSTS_SECONDS = 31_536_000


class LoadBalancing(Struct, frozen=True):
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
    """Public, in both zones, on port 80; with HTTPS on port 443, to which port 80 redirects."""
    balancer = scope.add(
        LoadBalancer(
            "LoadBalancer",
            Metadata=suppress(
                checkov={"CKV_AWS_91": "The application logs every request itself, kept for seven days."}
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
    """The load balancer waits for the route to the internet, where the stack makes it."""
    return {"DependsOn": network.internet_route} if network.internet_route else {}


def _before_the_groups(scope: Scope, alternate: TargetGroup | None) -> dict[str, Any]:
    """CodeDeploy changes the listener to forward to either group: it must be deleted before both of them."""
    return {"DependsOn": alternate} if scope.settings.deployment.strategy == "codedeploy" else {}


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
                # A task which leaves may still finish what it began: for as long as its StopTimeout.
                TargetGroupAttribute(
                    Key="deregistration_delay.timeout_seconds", Value=str(scope.settings.service.stop_timeout)
                ),
                # A task that is busy with certificates gets fewer new requests.
                TargetGroupAttribute(Key="load_balancing.algorithm.type", Value="least_outstanding_requests"),
            ],
        )
    )


def _listener(
    scope: Scope, balancer: LoadBalancer, target_group: TargetGroup, alternate: TargetGroup | None
) -> Listener:
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
    """HTTPS from port 443 to the target group. Browsers that were there once use nothing else."""
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
    """From port 80 to port 443. A stage that had no HTTPS serves by port 80 until `https` is there."""
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
    """What makes browsers careful. The load balancer overwrites what the application sends."""
    headers = {
        "routing.http.response.server.enabled": "false",
        "routing.http.response.x_content_type_options.header_value": "nosniff",
        "routing.http.response.x_frame_options.header_value": "DENY",
    }
    if policy := scope.settings.load_balancer.content_security_policy:
        headers["routing.http.response.content_security_policy.header_value"] = policy
    return [ListenerAttribute(Key=key, Value=value) for key, value in headers.items()]
