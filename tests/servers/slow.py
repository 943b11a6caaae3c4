"""A server that takes its time: a script sends every byte of an answer itself."""

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.servers.certificates import Certificates

HEAD = b"HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\nContent-Type: application/json\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Sending:
    """The connection of one request, for the script.

    Attributes:
        over: Is set when the test has ended, and nobody reads any more.
    """

    connection: socket.socket
    over: threading.Event

    def send(self, data: bytes) -> None:
        """Send bytes at once."""
        self.connection.sendall(data)

    def drip(self, data: bytes, pause: float) -> None:
        """Send bytes one by one, with a pause after each."""
        for place in range(len(data)):
            self.send(data[place : place + 1])
            if self.over.wait(pause):
                return

    def answer(self, body: Any) -> None:
        """Send a whole answer."""
        self.send(whole(body))


Script = Callable[[str, Sending], None]
"""Answers the request for a path."""


def whole(body: Any) -> bytes:
    """Return an answer as it is sent."""
    content = json.dumps(body).encode()
    return HEAD + f"Content-Length: {len(content)}\r\n\r\n".encode() + content


@contextmanager
def slowly(script: Script, certificates: Certificates | None = None) -> Iterator[str]:
    """Run a server and yield its address; with certificates it speaks TLS."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):  # nobody listens any more
            if certificates:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificates.certificate, certificates.key)
                connection = context.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as received:
                while path := next_path(received):
                    script(path, Sending(connection, over))

    def accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield f"{'https' if certificates else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()


def next_path(received: Any) -> str:
    """Read a request and return its path, without parameters; empty when there is no other one."""
    first, size = received.readline(), 0
    while (line := received.readline()).strip():
        if match := LENGTH.match(line):
            size = int(match[1])
    received.read(size)
    return first.split(b" ")[1].split(b"?")[0].decode() if first else ""
