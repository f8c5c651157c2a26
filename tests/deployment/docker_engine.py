"""The Docker engine that everything runs in: the one that DOCKER_HOST or Docker's own default names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException
from urllib3 import Retry

# Seconds that an engine may take for an answer: on a busy machine it takes many, and is no less there.
_PATIENCE = 600
_from_env = docker.from_env


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


def connect(**_: Any) -> Any:
    """docker-py's client, as everything here makes it: it waits for the engine, and asks again where that is safe."""
    client = _from_env(timeout=_PATIENCE)
    client.api.get_adapter(client.api.base_url).max_retries = Retry(total=5, backoff_factor=0.5)
    return client


def wait_everywhere() -> None:
    """Makes every library of this process connect so; MiniStack's own clients give up after ten seconds."""
    docker.from_env = connect


def did_not_answer(reason: str) -> bool:
    """Whether something failed because the engine, or the way to it, did not answer."""
    return any(sign in reason for sign in ("Read timed out", "UnixHTTPConnectionPool", "Connection aborted"))


def find() -> DockerEngine:
    """The engine of this environment; NoDocker where there is none, or none on this very machine."""
    try:
        client = connect()
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
