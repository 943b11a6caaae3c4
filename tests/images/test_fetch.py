"""Fetching: nothing inside the shop's network is ever asked, and nothing outside can block a fetch."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from hybridsearch.errors import ImageError
from hybridsearch.images import fetch
from hybridsearch.images.fetch import Fetcher

BODY = bytes(range(256)) * 8


class Shop(BaseHTTPRequestHandler):
    """A server on this machine whose paths say how it misbehaves."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, _, self.rest = self.path[1:].partition("/")
        getattr(self, kind)()

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def picture(self) -> None:
        self.answer(body=BODY)

    def host(self) -> None:
        self.answer(body=self.headers["Host"].encode())

    def to(self) -> None:
        self.answer(302, Location=self.rest)

    def hops(self) -> None:
        self.answer(302, Location=f"/hops/{int(self.rest) - 1}") if int(self.rest) else self.picture()

    def status(self) -> None:
        self.answer(int(self.rest))

    def gzipped(self) -> None:
        self.answer(body=gzip.compress(BODY), Content_Encoding="gzip")

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"1000\r\n" + bytes(4096) + b"\r\n")

    def short(self) -> None:
        self.answer(body=BODY, Content_Length=str(len(BODY) + 1), Connection="close")
        self.close_connection = True

    def nonsense(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        self.close_connection = True

    def drip(self) -> None:
        """Send a header or a body one byte at a time."""
        start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n" + (b"" if self.rest == "header" else b"\r\n")
        self.wfile.write(start)
        while True:
            self.wfile.write(b"x")
            time.sleep(0.1)

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *args: Any) -> None:
        """Clients that close the connection early are part of these tests."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetcher(shop: str, **options: Any) -> Fetcher:
    return Fetcher(allow_private=True, ports=[int(shop.rpartition(":")[2])], **options)


def test_a_picture_arrives_byte_for_byte(shop: str) -> None:
    with fetcher(shop) as fetch:
        assert [fetch(f"{shop}/picture") for _ in range(3)] == [BODY] * 3


def test_many_threads_share_one_fetcher(shop: str) -> None:
    bodies: list[bytes] = []
    with fetcher(shop) as fetch:
        threads = [threading.Thread(target=lambda: bodies.append(fetch(f"{shop}/picture"))) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == [BODY] * 32


def test_the_server_sees_the_name_and_not_the_address(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "resolve", lambda *_: [ip_address("127.0.0.1")])
    with fetcher(shop) as get:
        port = shop.rpartition(":")[2]
        assert get(f"http://pictures.shop.test:{port}/host") == f"pictures.shop.test:{port}".encode()


HOSTILE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://localhost/",
    "http://localhost./",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1%25lo]/",
    "http://[fd00:ec2::254]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://shop.test@127.0.0.1/",
    "http://127.0.0.1:80\\@shop.test/",
    "http://127.0.0.1:22/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "http:///picture.jpg",
    "http://",
    "http://[::1",
    "http://a b/",
    f"http://{'a' * 70}.test/",
    "http://\ud800.test/",
    # decimal, octal, hexadecimal, short
    "http://127.0.1/",
    "http://127.000.000.001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0177.1/",
    "http://017700000001/",
    "http://2852039166/",
    "http://0xA9FEA9FE/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://3232235777/",
    "http://192.168.257/",
    "http://10.1/",
    # dots, case, digits and letters of other scripts, percent signs
    "http://127.0.0.1./",
    "http://169.254.169.254./",
    "http://LOCALHOST/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://１２７.0.0.1/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://%31%32%37.0.0.1/",
    "http://%6c%6f%63alhost/",
    "http://127.0.0.1%00.shop.test/",
    "http://127.0.0.1%2f@shop.test/",
    # IPv4 within IPv6
    "http://[::ffff:169.254.169.254]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378::1]/",
    "http://[::7f00:1]/",
    # other special addresses
    "http://[0000::1]/",
    "http://[::1%25lo]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine?comp=goalstate",
    "http://192.0.0.192/latest/",
    "http://255.255.255.255/",
    # what is the host, and what is not
    "http://user:password@127.0.0.1/",
    "http://127.0.0.1#@shop.test/",
    "http://127.0.0.1?@shop.test/",
    "http://127.0.0.1\t/",
    "http://127.0.0.1 /",
    "http://127.0.0.1:80:80/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "//127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "\\\\127.0.0.1\\share",
    "jar:http://127.0.0.1!/",
    "dict://127.0.0.1:11211/stats",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_and_nothing_is_connected(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 49."""

    def connected(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(socket, "create_connection", connected)
    with Fetcher() as fetch, pytest.raises(ImageError):
        fetch(url)


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1", "93.184.215.14"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:4700::1111", "::1"],
        ["93.184.215.14", "::ffff:10.0.0.1"],
        ["93.184.215.14", "64:ff9b::a9fe:a9fe"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["168.63.129.16"],
        ["0.0.0.0"],
    ],
)
def test_a_name_with_any_address_inside_is_refused(answers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 49."""
    monkeypatch.setattr(fetch, "resolve", lambda *_: list(map(ip_address, answers)))
    monkeypatch.setattr(socket, "create_connection", None)
    for scheme in ("http", "https"):
        with Fetcher() as get, pytest.raises(ImageError, match=r"'metadata.google.internal' leads to .* not a public"):
            get(f"{scheme}://metadata.google.internal/computeMetadata/v1/")


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [ip_address("93.184.215.14"), ip_address("10.0.0.1")]
    monkeypatch.setattr(fetch, "resolve", lambda *_: both)
    with (
        Fetcher() as get,
        pytest.raises(ImageError, match=r"'cdn.test' leads to 10.0.0.1, which is not a public address"),
    ):
        get("http://cdn.test/a.jpg")


def test_the_checked_address_is_the_one_that_is_connected(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 49: a name server that answers differently the second time."""
    answers = iter([[ip_address("127.0.0.1")], [ip_address("169.254.169.254")]])
    monkeypatch.setattr(fetch, "resolve", lambda *_: next(answers))
    with fetcher(shop) as get:
        assert get(f"http://rebinding.test:{shop.rpartition(':')[2]}/picture") == BODY


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "http://10.0.0.1/",
        "http://[::1",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(shop: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 49."""
    port = int(shop.rpartition(":")[2])
    monkeypatch.setattr(fetch, "is_public", lambda address: address == ip_address("127.0.0.1"))
    with (
        Fetcher(ports=[80, port]) as get,
        pytest.raises(ImageError, match=r"is refused|not a public|names port|no URL"),
    ):
        get(f"{shop}/to/{target}")


def test_five_redirects_are_followed_and_six_are_not(shop: str) -> None:
    with fetcher(shop) as get:
        assert get(f"{shop}/hops/5") == BODY
        with pytest.raises(ImageError, match="behind more than 5 redirects"):
            get(f"{shop}/hops/6")


@pytest.mark.parametrize("part", ["header", "body"])
def test_a_slow_answer_ends_at_the_deadline(shop: str, part: str) -> None:
    """Fault 50."""
    started = time.monotonic()
    with fetcher(shop, seconds=0.5) as get, pytest.raises(ImageError, match=r"did not arrive within 0.5 s"):
        get(f"{shop}/drip/{part}")
    assert time.monotonic() - started < 1.5


def test_an_endless_body_ends_at_the_cap(shop: str) -> None:
    """Fault 50."""
    with fetcher(shop, max_bytes=100_000) as get, pytest.raises(ImageError, match=r"more than 100,000 bytes"):
        get(f"{shop}/endless")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("status/404", "answered 404, expected 200"),
        ("status/500", "answered 500, expected 200"),
        ("gzipped", "sent a compressed body"),
        ("short", "cannot be fetched"),
        ("nonsense", "cannot be fetched"),
    ],
)
def test_an_answer_that_is_no_picture_is_refused(shop: str, path: str, reason: str) -> None:
    """Faults 50 and 51."""
    with fetcher(shop) as get, pytest.raises(ImageError, match=reason):
        get(f"{shop}/{path}")


def test_a_server_that_is_down_is_an_image_error(shop: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with Fetcher(allow_private=True, ports=[port]) as get, pytest.raises(ImageError, match="Check the address"):
        get(f"http://127.0.0.1:{port}/a.jpg")


def test_the_fetcher_recovers_after_a_failure(shop: str) -> None:
    with fetcher(shop, seconds=0.3) as get:
        for path in ("drip/body", "short", "status/404", "gzipped"):
            with pytest.raises(ImageError):
                get(f"{shop}/{path}")
        assert get(f"{shop}/picture") == BODY


def test_the_environments_proxy_is_not_used(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with fetcher(shop) as get:
        assert get(f"{shop}/picture") == BODY


def test_a_message_holds_no_query_where_keys_travel(shop: str) -> None:
    with fetcher(shop) as get, pytest.raises(ImageError) as caught:
        get(f"{shop}/status/403?signature=secret#part")
    assert "secret" not in str(caught.value)
