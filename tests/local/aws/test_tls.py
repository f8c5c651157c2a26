"""The corrections of HTTPS listeners."""

from __future__ import annotations

import http.client
import ssl

import pytest

from phoenix_cfn.local.server import LocalAws
from tests.deployment.stage import request
from tests.deployment.tls import connected, https, trusting
from tests.local.aws.front import OUTPUTS, POLICY, ZONE, alias, answering, balancer, certificate, listener
from tests.local.aws.lab import Lab, Resources

REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}


def secured(policy: str = POLICY) -> Resources:
    """Answers on port 443, to which port 80 redirects."""
    secure = listener(
        443,
        "HTTPS",
        answering("secure"),
        Certificates=[{"CertificateArn": {"Ref": "Certificate"}}],
        SslPolicy=policy,
        ListenerAttributes=[
            {"Key": "routing.http.response.strict_transport_security.header_value", "Value": "max-age=31536000"}
        ],
    )
    http = listener(80, "HTTP", REDIRECT)
    return {**ZONE, "Certificate": certificate(), **balancer(Https=secure, Http=http), "Record": alias()}


def test_listeners_have_certificates(lab: Lab) -> None:
    bare = listener(443, "HTTPS", answering("secure"), SslPolicy=POLICY)
    assert "A certificate must be specified" in lab.failure(balancer(Https=bare))
    arn = "arn:aws:acm:eu-central-1:000000000000:certificate/01234567-0123-0123-0123-0123456789ab"
    bare["Properties"]["Certificates"] = [{"CertificateArn": arn}]
    assert f"Certificate '{arn}' not found" in lab.failure(balancer(Https=bare))


def test_requests_reach_the_listener_of_their_port(lab: Lab, aws: LocalAws) -> None:
    name = lab.deploy(secured(), OUTPUTS)["Name"]
    answer = https(aws, "lab.example.com")
    assert (answer.status, answer.body) == (200, b"secure")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    redirected = request(aws, "http://lab.example.com", "/page?x=1")
    assert (redirected.status, redirected.headers["location"]) == (301, "https://lab.example.com:443/page?x=1")
    assert request(aws, f"http://{name}:443").status == 400
    # The certificate is not for the load balancer's own name.
    with pytest.raises(ssl.SSLCertVerificationError):
        https(aws, name)


def test_a_browser_on_this_machine_is_redirected_to_the_port_that_stands_for_443(lab: Lab, aws: LocalAws) -> None:
    lab.deploy(secured())
    connection = http.client.HTTPConnection("localhost", aws.settings.site, timeout=30)
    connection.request("GET", "/page")
    assert connection.getresponse().headers["Location"] == f"https://localhost:{aws.settings.secure_site}/page"
    context = trusting(aws)
    context.check_hostname = False
    assert https(aws, "localhost", context=context).body == b"secure"


def test_a_listener_speaks_tls_1_2_and_1_3(lab: Lab, aws: LocalAws) -> None:
    lab.deploy(secured())
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = trusting(aws)
        context.minimum_version = context.maximum_version = version
        with connected(aws, "lab.example.com", context) as connection:
            assert connection.version() == version.name.replace("_", ".")
    assert "does not know the policy" in lab.failure(secured("ELBSecurityPolicy-2016-08"))


def test_without_an_https_listener_there_is_no_connection(lab: Lab, aws: LocalAws) -> None:
    lab.deploy({**ZONE, **balancer(), "Record": alias()})
    with pytest.raises((ssl.SSLError, OSError)):
        https(aws, "lab.example.com")
    assert request(aws, "http://lab.example.com").body == b"plain"
