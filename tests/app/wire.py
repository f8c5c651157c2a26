"""A proxy that notes which wire messages pass from a MongoDB driver to its server."""

from __future__ import annotations

import socket
import struct
import threading

from tests.app.application import free_port

OP_QUERY, OP_MSG = 2004, 2013


class WireTap:
    """Listens on `port` and forwards to the server's; `messages` holds (opcode, command name) of each message."""

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self.messages: list[tuple[int, str]] = []
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", self.port))

    def __enter__(self) -> WireTap:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            threading.Thread(target=self._replies, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, client.makefile("rb") as stream:
            while head := stream.read(16):
                length, _, _, opcode = struct.unpack("<iiii", head)
                body = stream.read(length - 16)
                self.messages.append((opcode, self._command(opcode, body)))
                server.sendall(head + body)

    @staticmethod
    def _replies(server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            pass

    @staticmethod
    def _command(opcode: int, body: bytes) -> str:
        """The name of the first element of the command's document."""
        if opcode == OP_MSG:
            document = body[5:]  # flags, kind of the first section
        elif opcode == OP_QUERY:
            document = body[body.index(b"\0", 4) + 1 + 8 :]  # flags, collection, skip, limit
        else:
            return ""
        return document[5 : document.index(b"\0", 5)].decode()
