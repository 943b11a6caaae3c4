"""However slow and whatever an answer is, a search ends in time: `node.py`, `async_node.py` and `sizes.py`."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.engines.elasticsearch.transport import sizes
from hybridsearch.errors import EngineError
from hybridsearch.sections import EngineSection
from tests.engines.elasticsearch.conftest import Search
from tests.engines.elasticsearch.test_fallback import BROKEN, INDEX, PAGE, PLAN
from tests.engines.elasticsearch.test_searches import a_server
from tests.servers.certificates import OPENSSL, make
from tests.servers.fake import INFO, Received, Reply, serving
from tests.servers.slow import HEAD, Script, Sending, slowly, whole

TIMEOUT = 0.4
MARGIN = 0.4
"""Seconds that a search may take longer than it may."""
CHUNK = 1 << 20


def at(wanted: str, slow: Callable[[Sending], None]) -> Script:
    """Answer as a healthy server does, but one request by a function."""

    def script(path: str, sending: Sending) -> None:
        if path == wanted:
            slow(sending)
        else:
            sending.answer({"/": INFO.body, "/products": INDEX.body}.get(path, PAGE.body))

    return script


def head_in_drops(sending: Sending) -> None:
    sending.drip(whole(PAGE.body)[:40], 0.1)


def body_in_drops(sending: Sending) -> None:
    sending.send(HEAD + b"Content-Length: 40\r\n\r\n")
    sending.drip(b" " * 40, 0.1)


def endless_headers(sending: Sending) -> None:
    sending.send(HEAD)
    for _ in range(40):
        sending.drip(b"A: b\r\n", 0.017)


def endless_interim_answers(sending: Sending) -> None:
    for _ in range(100):
        sending.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.002)


def nothing(sending: Sending) -> None:
    sending.over.wait(4)


SLOW = [head_in_drops, body_in_drops, endless_headers, endless_interim_answers, nothing]


def assert_ends_in_time(search: Search, url: str, **section: Any) -> str:
    """Search in vain, and return the sentence that says so."""
    started = time.monotonic()
    with pytest.raises(EngineError) as failed:
        search(EngineSection(url=url, timeout=TIMEOUT, **section), PLAN)
    assert time.monotonic() - started < TIMEOUT + MARGIN
    return str(failed.value)


@pytest.mark.parametrize(
    ("path", "slow"),
    [*(("/products/_search", slow) for slow in SLOW), ("/", head_in_drops), ("/products", body_in_drops)],
)
def test_an_answer_in_drops_ends_with_the_search(search: Search, path: str, slow: Callable[[Sending], None]) -> None:
    """Attack: an answer that comes byte by byte."""
    with slowly(at(path, slow)) as url:
        message = assert_ends_in_time(search, url)
    assert message == f"{url} did not answer in time. Check its load, or raise 'engine.timeout'."


@pytest.mark.skipif(OPENSSL is None, reason="there is no openssl to make certificates")
def test_neither_tls_in_drops_nor_a_handshake_that_never_ends_holds_a_search(search: Search, tmp_path: Path) -> None:
    """Attack: an answer that comes byte by byte; under TLS."""
    certificates = make(tmp_path)
    with slowly(at("/products/_search", body_in_drops), certificates) as url:
        assert "in time" in assert_ends_in_time(search, url, ca_file=certificates.authority)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        assert "in time" in assert_ends_in_time(search, url, ca_file=certificates.authority)


def test_all_requests_of_a_search_share_its_time(search: Search) -> None:
    """Attack: several answers that are slow together."""

    def script(path: str, sending: Sending) -> None:
        time.sleep(TIMEOUT * 0.7)
        at("", nothing)(path, sending)

    with slowly(script) as url:
        assert "in time" in assert_ends_in_time(search, url)


def test_a_fallback_has_the_time_that_is_left(search: Search) -> None:
    """Attack: several answers that are slow together; one of them is that of a fallback."""
    asked: list[str] = []

    def script(path: str, sending: Sending) -> None:
        asked.append(path)
        if "_search" in path:
            time.sleep(TIMEOUT * 0.7)
            body = json.dumps(BROKEN.body).encode()
            head = HEAD.replace(b"200 OK", b"500 Oops")
            sending.send(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        else:
            at("", nothing)(path, sending)

    with slowly(script) as url:
        assert_ends_in_time(search, url)
    assert asked.count("/products/_search") == 2


def test_of_several_nodes_each_has_its_share_of_the_time(search: Search) -> None:
    """Attack: an answer that comes byte by byte; from one node of two."""
    with slowly(at("/products/_search", body_in_drops)) as slow, slowly(at("", nothing)) as well:
        for urls in ((slow, well), (well, slow)):
            started = time.monotonic()
            assert search(EngineSection(url=urls, timeout=2 * TIMEOUT), PLAN).degraded == ()
            assert time.monotonic() - started < 2 * TIMEOUT + MARGIN


def test_a_search_that_waits_for_a_free_connection_ends_in_time_too() -> None:
    """Attack: an answer that comes byte by byte; to more searches than there are connections."""
    took: list[float] = []

    def search(engine: ElasticsearchEngine) -> None:
        started = time.monotonic()
        with pytest.raises(EngineError, match="in time"):
            engine.search(PLAN)
        took.append(time.monotonic() - started)

    with ExitStack() as stack:
        url = stack.enter_context(slowly(at("/products/_search", body_in_drops)))
        engine = stack.enter_context(closing(ElasticsearchEngine(EngineSection(url=url, timeout=TIMEOUT), Path())))
        engine.schema()
        threads = [threading.Thread(target=search, args=(engine,)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(took) == 30
    assert max(took) < TIMEOUT + 2 * MARGIN


def endless_body(sending: Sending) -> None:
    sending.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not sending.over.is_set():
        sending.send(b"%x\r\n" % CHUNK + b" " * CHUNK + b"\r\n")


def test_an_endless_answer_is_cut(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: an answer without end, or that unpacks to a thousand times its size."""
    monkeypatch.setattr(sizes, "MOST_BYTES", 10 * CHUNK)
    with slowly(at("/products/_search", endless_body)) as url, pytest.raises(EngineError) as failed:
        search(EngineSection(url=url), PLAN)
    assert str(failed.value) == (
        f"{url} sent an answer of more than 10 MiB, too much for one search. "
        "Ask for fewer products at once, or check 'engine.url'."
    )


def test_an_answer_that_is_compressed_unasked_is_not_unpacked(search: Search) -> None:
    """Attack: an answer without end, or that unpacks to a thousand times its size."""
    page = json.dumps(PAGE.body).encode() + b" " * 50 * CHUNK
    bomb = Reply(gzip.compress(page), headers={**PAGE.headers, "Content-Encoding": "gzip"})

    def script(asked: Received) -> Reply:
        return bomb if "_search" in asked.path else a_server()(asked)

    with serving(script) as fake, pytest.raises(EngineError, match="not whole JSON"):
        search(EngineSection(url=fake.url), PLAN)


@pytest.mark.parametrize(
    ("part", "count"), [(b"[]", 3_000_000), (b"{}", 3_000_000), (b'{"a":[]}', 1_000_000), (b"1.5", 9_000_000)]
)
def test_an_answer_of_millions_of_values_is_not_parsed(search: Search, part: bytes, count: int) -> None:
    """Attack: an answer of millions of empty lists."""
    body = json.dumps(PAGE.body).encode()[:-1] + b', "x": [' + (part + b",") * count + b"0]}"

    def script(asked: Received) -> Reply:
        return Reply(body) if "_search" in asked.path else a_server()(asked)

    with serving(script) as fake, pytest.raises(EngineError) as failed:
        search(EngineSection(url=fake.url), PLAN)
    assert str(failed.value) == (
        f"{fake.url} sent an answer of more than {8 if part == b'1.5' else 2},000,000 values, too much for one search. "
        "Ask for fewer products at once, or check 'engine.url'."
    )


def test_a_page_of_a_thousand_large_rows_is_read(search: Search) -> None:
    """Attack: an answer of millions of empty lists; this one is what a shop with large rows asks for."""
    row = {"text": "large, with commas; " * 1_500, "vector": [0.25] * 768}
    hits = [{"_id": str(number), "_score": 1.0, "_source": row} for number in range(1_000)]
    page = {**PAGE.body, "hits": {"total": {"value": 1_000}, "hits": hits}}

    def script(asked: Received) -> Reply:
        return Reply(page) if "_search" in asked.path else a_server()(asked)

    with serving(script) as fake:
        assert len(search(EngineSection(url=fake.url), replace(PLAN, size=1_000)).hits) == 1_000


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n7fffffffffff\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n7fffffffffffffffff\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n+two\r\n{}",
        b"Content-Length: 10000000000\r\n\r\n{}",
        b"Content-Length: 1000000000\r\n\r\n{}",
    ],
)
def test_a_length_that_cannot_be_is_an_engine_error(search: Search, rest: bytes) -> None:
    """Attack: an answer whose length is negative or beyond all memory."""

    def lying(sending: Sending) -> None:
        sending.send(HEAD + rest)
        sending.connection.shutdown(socket.SHUT_WR)

    with slowly(at("/products/_search", lying)) as url, pytest.raises(EngineError):
        search(EngineSection(url=url, timeout=2), PLAN)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<" * 20 * CHUNK, "not whole JSON"),
        (json.dumps(PAGE.body).encode().replace(b'"hits": []', b'"hits": [%s{}]' % (b"{}," * 900_000)), "'hits.hits.0"),
    ],
    ids=["no JSON", "no hits"],
)
def test_a_large_answer_that_is_something_else_ends_in_time(search: Search, body: bytes, message: str) -> None:
    """Attack: an answer of millions of empty lists; this one is refused by the parser, or by its shape."""

    def script(asked: Received) -> Reply:
        return Reply(body) if "_search" in asked.path else a_server()(asked)

    with serving(script) as fake:
        started = time.monotonic()
        with pytest.raises(EngineError, match=message):
            search(EngineSection(url=fake.url), PLAN)
    assert time.monotonic() - started < 2
