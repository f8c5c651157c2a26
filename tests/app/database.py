"""A MongoDB-protocol server with TLS and SCRAM on loopback, in a process of its own that can be killed and halted."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pymongo import MongoClient

from tests.app.application import free_port

USER = "phoenix"
PASSWORD = "correct-horse/battery:staple"

_SERVER = """
import signal, sys
from secantus.server import SecantusDBServer
port, storage, certificate, key = sys.argv[1:]
server = SecantusDBServer("127.0.0.1", int(port), storage, replica_set_name="rs0", durable=True, cache_size="256M",
    **(dict(require_auth=True, tls_cert_file=certificate, tls_key_file=key) if certificate else {}))
server.start()
signal.signal(signal.SIGTERM, lambda *_: (server.stop(), sys.exit()))
print("ready", flush=True)
server.wait()
"""


@dataclass(frozen=True)
class Authority:
    """A certificate authority of its own, and a server certificate for 127.0.0.1: paths to PEM files."""

    root: Path
    certificate: Path
    key: Path

    @classmethod
    def create(cls, directory: Path) -> Authority:
        now = datetime.datetime.now(datetime.timezone.utc)

        def certificate(subject: str, key: Any, issuer: str, issuer_key: Any, extension: Any) -> bytes:
            builder = x509.CertificateBuilder(
                issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]),
                subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]),
                public_key=key.public_key(),
                serial_number=x509.random_serial_number(),
                not_valid_before=now - datetime.timedelta(days=1),
                not_valid_after=now + datetime.timedelta(days=2),
            )
            signed = builder.add_extension(extension, critical=True).sign(issuer_key, hashes.SHA256())
            return signed.public_bytes(serialization.Encoding.PEM)

        root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = cls(directory / "root.pem", directory / "server.pem", directory / "server.key")
        made.root.write_bytes(certificate("test root", root_key, "test root", root_key, constraints))
        made.certificate.write_bytes(certificate("test server", server_key, "test root", root_key, names))
        made.key.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made


class Database:
    """Replica set rs0 of one, with TLS and a password. Without an authority it demands neither.

    `storage`: of a database with the user, see `storage_with_user`; it is copied.
    """

    def __init__(self, directory: Path, authority: Authority | None, storage: Path | None = None) -> None:
        self.port = free_port()
        self._storage = directory / "storage"
        self._authority = authority
        if storage:
            shutil.copytree(storage, self._storage)

    def __enter__(self) -> Database:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.resume()
        self.kill()
        shutil.rmtree(self._storage, ignore_errors=True)

    def start(self) -> None:
        files = [str(self._authority.certificate), str(self._authority.key)] if self._authority else ["", ""]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(self.port), str(self._storage), *files],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def halt(self) -> None:
        """It still takes connections, but answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def connection_string(self, password: str = PASSWORD, port: int | None = None) -> str:
        """As the task definition gives it to the container."""
        credentials, options = "", ""
        if self._authority:
            credentials, options = f"{USER}:{quote(password, safe='')}@", "tls=true&authSource=admin&"
        return (
            f"mongodb://{credentials}127.0.0.1:{port or self.port}/phoenix?{options}"
            "replicaSet=rs0&readPreference=primaryPreferred&retryWrites=false"
        )

    def logs(self) -> list[dict[str, Any]]:
        """All documents of the collection that the application writes to, oldest first."""
        ca = f"&tlsCAFile={self._authority.root}" if self._authority else ""
        with MongoClient[dict[str, Any]](self.connection_string() + ca, serverSelectionTimeoutMS=5000) as client:
            return list(client.phoenix.logs.find(sort=[("_id", 1)]))

    def lines(self) -> list[str]:
        return [document["request"] for document in self.logs()]


def storage_with_user(directory: Path) -> Path:
    """Of a database that has the user, and was stopped."""
    database = Database(directory, None)
    database.start()
    with MongoClient[Any]("127.0.0.1", database.port, directConnection=True) as client:
        client.admin.command(
            "createUser", USER, pwd=PASSWORD, roles=["root"], mechanisms=["SCRAM-SHA-1", "SCRAM-SHA-256"]
        )
    database.stop()
    return directory / "storage"
