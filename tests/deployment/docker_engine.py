"""The Docker engine that everything runs in: the one that DOCKER_HOST or Docker's own default names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException


class NoDocker(RuntimeError):
    """There is no Docker engine to deploy to; the message says why, in words for a person."""


@dataclass(frozen=True)
class DockerEngine:
    """A reachable engine: `client` is docker-py's, `socket` the path of its Unix socket."""

    client: Any
    socket: str
    bridge: str
    """Address of the host on the engine's default bridge, for example 172.17.0.1."""

    @property
    def version(self) -> str:
        return str(self.client.version()["Version"])


def find() -> DockerEngine:
    """The engine of this environment; NoDocker where there is none, or none on this very machine."""
    try:
        client = docker.from_env(timeout=300)
        client.ping()
    except DockerException as error:
        raise NoDocker(f"no Docker engine answers ({error}); start one, or say where it is in DOCKER_HOST") from error
    url = str(client.api.base_url)
    socket = client.api._custom_adapter.socket_path if url.startswith("http+docker://") else ""
    if not socket:
        raise NoDocker(f"the Docker engine at {url} is not on a Unix socket of this machine")
    network = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    # An engine that has not run a container yet tells the subnet only; the bridge has its first address.
    bridge = network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"], strict=False).hosts()))
    return DockerEngine(client, socket, bridge)
