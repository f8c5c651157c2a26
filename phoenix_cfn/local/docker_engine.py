"""The Docker engine that everything runs in: the one that DOCKER_HOST or Docker's own default names."""

from __future__ import annotations

import ipaddress
import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.errors import DockerException
from urllib3 import Retry

from phoenix_cfn.local.errors import NoDocker

# Seconds that an engine may take for an answer: on a busy machine it takes many.
_PATIENCE = 600
# Seconds between two questions whether the engine answers, and how long each may take.
_WATCH = 10
_from_env = docker.from_env


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
    """docker-py's client, as everything here makes it: it waits for the engine, and repeats what can be repeated."""
    client = _from_env(timeout=_PATIENCE)
    client.api.get_adapter(client.api.base_url).max_retries = Retry(total=5, backoff_factor=0.5)
    return client


def wait_everywhere() -> None:
    """Makes every library of this process connect so; MiniStack's own clients give up after ten seconds."""
    docker.from_env = connect


def did_not_answer(reason: str) -> bool:
    """Whether something failed because the engine, or the way to it, did not answer."""
    return any(sign in reason for sign in ("Read timed out", "UnixHTTPConnectionPool", "Connection aborted"))


@contextmanager
def waits_reported(report: Callable[[str], None]) -> Iterator[None]:
    """Reports, while the context lasts, for how long the engine has not answered; everything here waits for it."""
    done = threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not done.wait(_WATCH):
            if _answers():
                last = time.monotonic()
            elif not done.is_set():
                silent = time.monotonic() - last
                report(f"the Docker engine has not answered for {silent:.0f} s; waiting for it")

    thread = threading.Thread(target=watch, daemon=True, name="docker-watch")
    thread.start()
    try:
        yield
    finally:
        done.set()


def _answers() -> bool:
    try:
        client = _from_env(timeout=_WATCH)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (DockerException, requests.RequestException, OSError):
        return False


def find() -> DockerEngine:
    """The engine of this environment. Raises NoDocker where there is none, or none on this very machine."""
    if platform.system() != "Linux":
        raise NoDocker(
            f"found {platform.system()}; expected Linux, where the Docker engine's containers have addresses that this "
            "machine reaches. Run the command in a Linux machine or a virtual one."
        )
    try:
        client = connect()
        client.ping()
    except (DockerException, requests.RequestException) as error:
        raise NoDocker(
            f"no Docker engine answers ({error}); expected one on this machine. Start one (`systemctl start docker`), "
            "let this user use it (group docker), or set DOCKER_HOST."
        ) from error
    url = str(client.api.base_url)
    path = client.api._custom_adapter.socket_path if url.startswith("http+docker://") else ""
    if not path:
        raise NoDocker(
            f"found the Docker engine at {url}; expected one on a Unix socket of this machine. Correct DOCKER_HOST."
        )
    network = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    # An engine that has not run a container yet has only the subnet on record; the bridge has its first address.
    bridge = network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"], strict=False).hosts()))
    if not _is_own(bridge):
        raise NoDocker(
            f"the Docker engine's bridge {bridge} is not an address of this machine: found an engine in a virtual "
            "machine or without root; expected one that runs as root on this machine. Set DOCKER_HOST to one."
        )
    return DockerEngine(client, path, bridge)


def _is_own(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
