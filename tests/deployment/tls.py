"""Requests over TLS to a load balancer of the local AWS, by a client that trusts the local authority."""

from __future__ import annotations

import http.client
import ssl

from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.local.visitors import Answer, connected, trusting

__all__ = ["connected", "https", "trusting"]


def https(
    aws: LocalAws,
    name: str,
    path: str = "/",
    method: str = "GET",
    body: bytes | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Raises ssl.SSLError where the certificate is not for the name."""
    with connected(aws, name, context or trusting(aws)) as connection:
        client = http.client.HTTPConnection(name, timeout=30)
        client.sock = connection
        client.request(method, path, body)
        answer = client.getresponse()
        return Answer(answer.status, {key.lower(): each for key, each in answer.getheaders()}, answer.read(), 0.0)
