"""Entry point of the DocumentDB stand-in: SecantusDB with TLS, SCRAM and the replica set rs0.

Certificate and key of the endpoint's name lie in /tls.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from pymongo import MongoClient
from secantus.server import SecantusDBServer

DATA = Path("/data")


class NamedServer(SecantusDBServer):  # type: ignore[misc]
    """Tells drivers its endpoint's name: they ask a member for the names of all, and connect to those."""

    @property
    def address(self) -> tuple[str, int]:
        return os.environ["ENDPOINT"], int(os.environ["PORT"])


def create_master_user(name: str, password: str) -> None:
    """Once, before anybody else can connect: on the loopback interface and without authentication."""
    done = DATA / "master-user-created"
    if done.exists():
        return
    server = SecantusDBServer("127.0.0.1", 27018, str(DATA / "db"), replica_set_name="rs0")
    server.start()
    client: MongoClient[dict[str, object]] = MongoClient("127.0.0.1", 27018, directConnection=True)
    with client:
        mechanisms = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
        client.admin.command("createUser", name, pwd=password, roles=["root"], mechanisms=mechanisms)
    server.stop()
    done.touch()


def main() -> None:
    (DATA / "db").mkdir(parents=True, exist_ok=True)
    create_master_user(os.environ["USERNAME"], os.environ["PASSWORD"])
    tls = Path("/tls/server.pem")
    server = NamedServer(
        "0.0.0.0",
        int(os.environ["PORT"]),
        str(DATA / "db"),
        replica_set_name="rs0",
        require_auth=True,
        cache_size="128M",
        tls_cert_file=str(tls) if tls.exists() else None,
        tls_key_file=str(tls) if tls.exists() else None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.start()
    print("ready", flush=True)
    server.wait()


if __name__ == "__main__":
    main()
