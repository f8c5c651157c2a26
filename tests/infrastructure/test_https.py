"""HTTPS: with a certificate of one's own, or for a domain in a hosted zone."""

from __future__ import annotations

from typing import Any

import pytest

from phoenix_cfn import Settings, infrastructure, picture, pipeline
from tests.stack import Stack, get_att, ref, text

KINDS = ("certificate", "domain")
CERTIFICATES = {"certificate": ref("CertificateArn"), "domain": ref("Certificate")}


def stacks(kind: str) -> tuple[Stack, Stack]:
    """The stacks of the infrastructure and of the pipeline."""
    settings = Settings.of({"load_balancer": {"https": kind}})
    return Stack(infrastructure.template(settings)), Stack(pipeline.template(settings))


def attributes(listener: dict[str, Any]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in listener["ListenerAttributes"]}


@pytest.mark.parametrize("kind", KINDS)
def test_port_443_forwards_to_the_tasks_with_tls_1_3(kind: str) -> None:
    stack, _ = stacks(kind)
    listener = stack.properties("HttpsListener")
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATES[kind]}]
    assert listener["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": ref("TargetGroup")}]
    key = "routing.http.response.strict_transport_security.header_value"
    assert attributes(listener)[key] == "max-age=31536000"
    assert "HttpsListener" in stack.resources["Service"]["DependsOn"]


@pytest.mark.parametrize("kind", KINDS)
def test_port_80_redirects_once_port_443_is_there(kind: str) -> None:
    stack, _ = stacks(kind)
    assert stack.resources["Listener"]["DependsOn"] == "HttpsListener"
    (action,) = stack.properties("Listener")["DefaultActions"]
    assert action["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


@pytest.mark.parametrize("kind", ["off", *KINDS])
def test_the_internet_reaches_the_ports_that_listen_and_no_other(kind: str) -> None:
    stack, _ = stacks(kind)
    listening = {each["Port"] for each in stack.of_type("AWS::ElasticLoadBalancingV2::Listener").values()}
    admitted = {each["FromPort"] for each in stack.properties("LoadBalancerSecurityGroup")["SecurityGroupIngress"]}
    assert admitted == listening == ({80} if kind == "off" else {80, 443})


@pytest.mark.parametrize("kind", ["off", *KINDS])
@pytest.mark.parametrize("policy", ["", "default-src 'self' https://cdn.example.com"])
def test_a_policy_of_ones_own_replaces_the_default_and_an_empty_one_leaves_the_applications(
    kind: str, policy: str
) -> None:
    chosen = {"load_balancer": {"https": kind, "content_security_policy": policy}}
    listeners = Stack(infrastructure.template(Settings.of(chosen))).of_type("AWS::ElasticLoadBalancingV2::Listener")
    for listener in listeners.values():
        found = attributes(listener).get("routing.http.response.content_security_policy.header_value", "")
        assert found == policy


def test_a_domain_gets_a_certificate_and_an_alias() -> None:
    stack, _ = stacks("domain")
    certificate = stack.properties("Certificate")
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": ref("DomainName"), "HostedZoneId": ref("HostedZoneId")}
    ]
    record = stack.properties("AliasRecord")
    assert (record["Name"], record["HostedZoneId"], record["Type"]) == (ref("DomainName"), ref("HostedZoneId"), "A")
    assert record["AliasTarget"]["DNSName"] == get_att("LoadBalancer", "DNSName")
    assert stack.outputs["ApplicationUrl"]["Value"] == {"Fn::Sub": "https://${DomainName}"}
    assert not stacks("certificate")[0].of_type("AWS::Route53::RecordSet")


def test_the_deploy_role_writes_into_that_hosted_zone_only() -> None:
    _, release = stacks("domain")
    roles = [release.properties("DeployRole")["Policies"][0]["PolicyDocument"]]
    roles += [each["PolicyDocument"] for each in release.of_type("AWS::IAM::ManagedPolicy").values()]
    statements = [each for role in roles for each in role["Statement"]]
    writing = [each for each in statements if "route53:ChangeResourceRecordSets" in text(each)]
    zones = {resource["Fn::Sub"] for each in writing for resource in each["Resource"]}
    assert zones == {
        "arn:${AWS::Partition}:route53:::hostedzone/${HostedZoneId}",
        "arn:${AWS::Partition}:route53:::change/*",
    }
    assert "acm-pca:" not in text(statements)


def test_the_deploy_role_knows_nothing_of_certificates_without_https() -> None:
    _, release = stacks("off")
    assert "acm:" not in text(release.data)
    assert "route53:" not in text(release.data)


def test_the_picture_shows_it() -> None:
    for kind, entrance in (("off", "HTTP 80"), ("domain", "HTTPS 443")):
        stack, release = stacks(kind)
        assert f'"{entrance}"' in picture.architecture(release.data, stack.data)
