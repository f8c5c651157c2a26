"""Bodies that are meant to hurt: what they leave behind in memory, and what becomes of the requests beside them."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import zlib

import pytest

from tests.app.application import Application, eventually, keep_alive, resident

MIB = 1024 * 1024
CLIENTS = 6
LIMIT = 260 * MIB


def post(body: bytes, encoding: str, length: int | None = None) -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\n"
    return f"{head}Content-Length: {length or len(body)}\r\n\r\n".encode() + body


PLAIN = b"[" + b" " * 1_000_000 + b"]"
BOMBS = {"gzip": post(gzip.compress(PLAIN), "gzip"), "deflate": post(zlib.compress(PLAIN), "deflate")}


def head(connection: socket.socket, stream: bytearray) -> bytes:
    """The status line of the next answer on the connection, whose body is read with it."""
    while (end := stream.find(b"</html>\n")) == -1:
        piece = connection.recv(65536)
        assert piece
        stream += piece
    status = bytes(stream[:12])
    del stream[: end + len(b"</html>\n")]
    return status


# Both encodings are unpacked in the same way.
@pytest.mark.parametrize(("kind", "count"), [("gzip", 10_000), ("deflate", 1_000), ("abandoned", 10_000)])
def test_memory_under_compressed_bodies_over_the_limit(kind: str, count: int) -> None:
    """The task as it is deployed: of all its processes together. An abandoned one is half of a body, and no more."""
    statuses: set[bytes] = set()
    failed: list[BaseException] = []
    with Application({"WEB_CONCURRENCY": "2"}) as application:

        def attack() -> None:
            try:
                if kind == "abandoned":
                    half = post(BOMBS["gzip"][-800:-400], "gzip", 800)
                    for _ in range(count // CLIENTS):
                        with application.connect() as connection:
                            connection.sendall(half)
                    return
                stream = bytearray()
                with application.connect() as connection:
                    for _ in range(count // CLIENTS):
                        connection.sendall(BOMBS[kind])
                        statuses.add(head(connection, stream))
            except BaseException as error:
                failed.append(error)

        attackers = [threading.Thread(target=attack, daemon=True) for _ in range(CLIENTS)]
        for attacker in attackers:
            attacker.start()
        beside, sizes = 0, [0]
        while any(attacker.is_alive() for attacker in attackers):
            with keep_alive(application.port) as status:
                for _ in range(20):
                    assert status("/") == 200
                    beside += 1
            with contextlib.suppress(FileNotFoundError):
                sizes.append(sum(map(resident, application.processes())))
        assert failed == []
        assert statuses == (set() if kind == "abandoned" else {b"HTTP/1.1 413"})
        assert beside > 100
        assert max(sizes) < LIMIT, [size // MIB for size in sizes]
        assert "died" not in application.stderr
        eventually(lambda: application.ask().status == 200)
