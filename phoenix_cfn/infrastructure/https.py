"""HTTPS: the certificate, and the DNS record of the domain."""

from __future__ import annotations

from troposphere import AWSHelperFn, GetAtt, Ref
from troposphere.elasticloadbalancingv2 import LoadBalancer

from phoenix_cfn.scope import Scope, part


@part
def certificate(scope: Scope) -> AWSHelperFn | None:
    """The ARN of the certificate; None without HTTPS.

    CloudFormation creates the validation record in the hosted zone, and waits until ACM has validated the domain.
    https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    if scope.settings.load_balancer.https == "off":
        return None
    if scope.settings.load_balancer.https == "certificate":
        return Ref(scope.parameters.certificate_arn)
    # Not above: few projects need it, and it takes long to load.
    from troposphere.certificatemanager import Certificate, DomainValidationOption

    domain, zone = Ref(scope.parameters.domain_name), Ref(scope.parameters.hosted_zone_id)
    return Ref(
        scope.add(
            Certificate(
                "Certificate",
                DomainName=domain,
                ValidationMethod="DNS",
                DomainValidationOptions=[DomainValidationOption(DomainName=domain, HostedZoneId=zone)],
            )
        )
    )


@part
def alias_record(scope: Scope, balancer: LoadBalancer) -> None:
    """The record of the domain: an alias of the load balancer, which has IPv4 addresses only."""
    if scope.settings.load_balancer.https != "domain":
        return
    from troposphere import route53  # not above: few projects need it, and it takes long to load

    scope.add(
        route53.RecordSetType(
            "AliasRecord",
            HostedZoneId=Ref(scope.parameters.hosted_zone_id),
            Name=Ref(scope.parameters.domain_name),
            Type="A",
            AliasTarget=route53.AliasTarget(  # type: ignore[attr-defined,no-untyped-call]
                DNSName=GetAtt(balancer, "DNSName"),
                HostedZoneId=GetAtt(balancer, "CanonicalHostedZoneID"),
                EvaluateTargetHealth=False,
            ),
        )
    )
