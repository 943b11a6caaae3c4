"""A server that does what a script says: what a real Elasticsearch will not do on demand."""

import json
import socket
import ssl
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.certificates import Certificates

PATIENCE = 10.0
"""Seconds after which even a hanging answer ends; tests end it sooner."""


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP request that the fake server received."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]
    """By name in lower case."""
    port: int = 0
    """That the client has: it tells which process asks."""

    @property
    def asks_for_words(self) -> bool:
        """Whether it is the search that counts the products of every word of the index."""
        return b'"words":{"terms"' in self.body

    @property
    def lines(self) -> list[Any]:
        """The JSON lines of a bulk request."""
        return [json.loads(line) for line in self.body.splitlines()]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how it goes wrong on the way: `reset` sends nothing, `hang` waits until the test is over."""

    body: Any = None
    status: int = 200
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=lambda: {"X-Elastic-Product": "Elasticsearch"})
    fate: str = ""


Script = Callable[[Received], Reply]

INFO = Reply({"version": {"number": "9.4.3"}, "tagline": "You Know, for Search"})
HTML = Reply(b"<html><h1>Welcome to the gateway</h1></html>", type="text/html", headers={})
HALF = Reply(b'{"errors": false, "it')
RESET = Reply(fate="reset")
HANG = Reply(fate="hang")


def error(status: int, kind: str, reason: str = "no reason") -> Reply:
    """Return an error in Elasticsearch's form."""
    cause = {"type": kind, "reason": reason}
    return Reply({"error": {**cause, "root_cause": [cause]}, "status": status}, status)


@dataclass(slots=True)
class Fake:
    """A running server: its address, and what it was asked so far."""

    url: str
    asked: list[Received]


class Quiet(ThreadingHTTPServer):
    """Says nothing about connections that break: they are meant to."""

    def handle_error(self, *_: Any) -> None:
        """Keep quiet."""


@contextmanager
def serving(script: Script, certificates: Certificates | None = None) -> Iterator[Fake]:
    """Run a server whose answers are those of the script; with certificates it speaks TLS."""
    asked: list[Received] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two packets; else each answer takes 40 ms

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append(Received(self.command, self.path, body, headers, self.client_address[1]))
            reply = script(asked[-1])
            self.close_connection = bool(reply.fate)
            if reply.fate == "reset":
                # No lingering: the client sees a reset instead of a polite end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if reply.fate == "hang":
                over.wait(PATIENCE)
                return
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", reply.type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 - the names are the base class's

        def log_message(self, *args: Any) -> None:
            """Keep quiet."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Fake(f"{'https' if certificates else 'http'}://127.0.0.1:{server.server_port}", asked)
        finally:
            over.set()
            server.shutdown()
            thread.join()


def passed_on(es_url: str, asked: Received) -> Reply:
    """Return what a real server answers."""
    headers = {name: value for name, value in asked.headers.items() if name in ("accept", "content-type")}
    request = urllib.request.Request(es_url + asked.path, asked.body or None, headers, method=asked.method)
    try:
        with urllib.request.urlopen(request) as answer:
            return Reply(answer.read(), answer.status, answer.headers.get_content_type())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.read(), error.code, error.headers.get_content_type())
