"""HTTPS listeners: TLS with the certificate of ACM, for the requests to the port that is the load balancer's alone."""

from __future__ import annotations

import re
import ssl
import tempfile
from contextvars import ContextVar
from typing import Any

from hypercorn.config import Config

from phoenix_cfn.local.aws import acm, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend
from phoenix_cfn.local.aws.settings import settings

_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"

# Whether the request came over TLS.
over_tls: ContextVar[bool] = ContextVar("over-tls", default=False)


class TlsConfig(Config):
    """Hypercorn's, whose `bind` speaks TLS with the certificate that the listeners have when a client connects."""

    @property
    def ssl_enabled(self) -> bool:
        return True

    def create_ssl_context(self) -> ssl.SSLContext:
        context = _context()
        context.sni_callback = _choose
        return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def _choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
    """The context of the HTTPS listener that a client means by the name; without one, the connection fails."""
    listener = _listener(name or "")
    text = acm.pem(listener["Certificates"][0]) if listener else ""
    if listener is None or not text:
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
    context = _context()
    with tempfile.NamedTemporaryFile("w", dir=settings().state) as file:
        file.write(text)
        file.flush()
        context.load_cert_chain(file.name)
    connection.context = context
    return None


def _listener(name: str) -> dict[str, Any] | None:
    """The HTTPS listener of the load balancer with this name, or of the only one."""
    balancer = ministack.alb.find_lb_for_host(name)
    for listener in ministack.alb._listeners.values():
        if listener["Protocol"] == "HTTPS" and balancer in (None, ministack.alb._lbs[listener["LoadBalancerArn"]]):
            return dict(listener)
    return None


# TLS 1.2 and 1.3: the versions of every listener here, as OpenSSL takes them from the first context.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
_POLICIES = re.compile(r"ELBSecurityPolicy-TLS13-1-2-\S+")


@correction(
    "An HTTPS listener has a certificate that ACM has issued, and a policy, which says how it speaks TLS",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html",
)
def listeners_have_certificates() -> None:
    def check(properties: dict[str, Any]) -> None:
        if properties.get("Protocol") != "HTTPS":
            return
        if not _POLICIES.fullmatch(properties.get("SslPolicy", "")):
            raise ValueError(f"the local load balancer does not know the policy {properties.get('SslPolicy')}")
        given = [each.get("CertificateArn", "") for each in properties.get("Certificates", [])]
        if not given:
            raise ValueError("A certificate must be specified for HTTPS listeners")
        for arn in given:
            if not acm.pem(arn):
                raise ValueError(f"Certificate '{arn}' not found")

    extend("AWS::ElasticLoadBalancingV2::Listener", before=check)


@correction(
    "A request reaches the listener of its port: over TLS that of port 443, otherwise one without TLS",
    f"{_ALB}/load-balancer-listeners.html",
)
def requests_reach_the_listener_of_their_port() -> None:
    plain = ministack.alb.dispatch_request

    async def dispatch(
        balancer: Any, method: str, path: str, headers: Any, body: Any, query: Any, port: int = 80, **more: Any
    ) -> Any:
        port = 443 if over_tls.get() else port
        protocols = {
            int(each.get("Port", 80)): each["Protocol"]
            for each in ministack.alb._listeners.values()
            if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]
        }
        if not over_tls.get() and port not in protocols and "HTTP" in protocols.values():
            # The gateway's own port, or that of the site.
            port = next(each for each, protocol in protocols.items() if protocol == "HTTP")
        if (protocols.get(port) == "HTTPS") != over_tls.get():
            return 400, {"Content-Type": "text/plain"}, b"The plain HTTP request was sent to an HTTPS port.\n"
        return _led_here(await plain(balancer, method, path, headers, body, query, port, **more))

    ministack.alb.dispatch_request = dispatch


def _led_here(answer: Any) -> Any:
    """A redirect of a browser on this machine leads to the port that stands for 443 here."""
    status, headers, body = answer
    location = headers.get("Location", "")
    here = re.sub(r"^https://localhost:443(?=/|$)", f"https://localhost:{settings().secure_site}", location)
    return status, {**headers, "Location": here} if location else headers, body
