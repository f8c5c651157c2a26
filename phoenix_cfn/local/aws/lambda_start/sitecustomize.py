"""Python imports this when it starts: in a function, a load balancer's name leads to the gateway."""

from __future__ import annotations

import os
import socket
from typing import Any

_resolve = socket.getaddrinfo


def _getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
    if isinstance(host, str) and host.endswith(".elb.amazonaws.com"):
        # The gateway finds load balancer and listener by the Host header.
        host, port = "127.0.0.1", int(os.environ["PHOENIX_LOCAL_PORT"])
    return _resolve(host, port, *rest, **named)


socket.getaddrinfo = _getaddrinfo
