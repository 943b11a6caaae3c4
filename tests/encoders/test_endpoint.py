"""The encoder behind an address, on a real server of the API and on what else may answer there, however slowly.

How it is asked is up to `endpoints.py`; that its connections end in time, to `timed.py`.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridSearch, endpoints
from hybridsearch.encoders import breaker, endpoint, load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.endpoint import BATCH, QUERY
from hybridsearch.encoders.prompts import Prompts
from hybridsearch.endpoints import PAUSE, Patience
from hybridsearch.errors import DegradedAnswer, EncoderError, EncoderUnavailable
from hybridsearch.schema import Leg, Schema
from hybridsearch.values import Document
from tests.servers.fake import HANG, HTML, RESET, Fake, Received, Reply, serving
from tests.servers.slow import HEAD, Script, Sending, slowly, whole
from tests.shops import PRODUCTS, quietly, runner, settings, write_config, write_products

ROOT = Path(__file__).parents[2]
KEY = "sk-s3cret-0123456789"
MODEL = "BAAI/bge-m3:v2"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BUSY = Reply({"error": {"message": "slow down"}}, 429)


def vector(text: str) -> list[float]:
    """Count letters: texts with the same words are near each other, and no vector has unit length."""
    return [1 + text.lower().count(letter) for letter in LETTERS]


def answer_of(vectors: Sequence[Any]) -> Reply:
    data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    random.shuffle(data)
    return Reply({"object": "list", "data": data, "model": MODEL}, headers={})


def texts_of(asked: Received) -> list[str]:
    return list(json.loads(asked.body)["input"])


def embeddings(asked: Received) -> Reply:
    """Answer as a server of the API does, its vectors in any order."""
    return answer_of([vector(text) for text in texts_of(asked)])


class Server:
    """A server of the API that answers something else while `script` says so."""

    def __init__(self) -> None:
        self.script: Callable[[Received], Reply | None] = lambda _: None
        self.fake: Fake

    def __call__(self, asked: Received) -> Reply:
        return self.script(asked) or embeddings(asked)

    @property
    def name(self) -> str:
        return f"{self.fake.url}/v1/embeddings#{MODEL}"

    @property
    def texts(self) -> list[list[str]]:
        """The texts of each request so far."""
        return [texts_of(asked) for asked in self.fake.asked]

    def replies(self, *replies: Reply) -> None:
        """Answer with these, one after the other, then as the API."""
        coming = iter(replies)
        self.script = lambda _: next(coming, None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("HYBRIDSEARCH_ENCODER_KEY", raising=False)
    server = Server()
    with serving(server) as server.fake:
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes any time."""
    made: list[float] = []
    clock = SimpleNamespace(sleep=made.append, monotonic=time.monotonic)
    monkeypatch.setattr(endpoints, "time", clock)
    return made


@pytest.fixture
def unused_address() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1/embeddings#{MODEL}"


def opened(name: str) -> Encoder:
    return load_encoder(name, folder=Path())


def leg(name: str) -> dict[str, Any]:
    return {"name": "words", "encoder": name, "reads": ["title"]}


def unit(text: str) -> Any:
    row = np.array(vector(text))
    return row / np.linalg.norm(row)


def test_each_text_has_its_own_vector_in_batches_and_whatever_the_order(server: Server) -> None:
    encoder = opened(server.name)
    texts = [f"{LETTERS[number % 26] * number} shoe" for number in range(70)]
    np.testing.assert_allclose(encoder.encode_texts(texts), [unit(text) for text in texts], atol=1e-6)
    assert (encoder.dims, set(encoder.reads)) == (26, {"words"})
    assert [len(batch) for batch in server.texts] == [1, 32, 32, 6]


def test_a_server_is_sent_the_prompts_of_the_configuration(server: Server) -> None:
    encoder = load_encoder(server.name, prompts=Prompts("query: ", "passage: "), folder=Path())
    encoder.encode_queries(["red"])
    encoder.encode_texts(["blue", "green"])
    assert server.texts[-2:] == [["query: red"], ["passage: blue", "passage: green"]]
    assert encoder.fingerprint != opened(server.name).fingerprint


def test_the_request_is_that_of_the_api(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(server.name)
    monkeypatch.setenv("HYBRIDSEARCH_ENCODER_KEY", KEY)
    opened(server.name)
    without, given = server.fake.asked
    assert (given.method, given.path) == ("POST", "/v1/embeddings")
    assert json.loads(given.body) == {"model": MODEL, "input": ["red"]}
    assert given.headers["content-type"] == "application/json"
    assert given.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in without.headers


@pytest.mark.parametrize("text", ["a\0b", "\ud800 red", "😀 red", "x" * 100_000])
def test_any_text_can_be_encoded(server: Server, text: str) -> None:
    assert opened(server.name).encode_texts([text, "red"]).shape == (2, 26)


def test_the_fingerprint_is_that_of_address_model_and_dims(server: Server) -> None:
    seen = [opened(server.name).fingerprint, opened(server.name).fingerprint]
    seen.append(opened(f"{server.name}-large").fingerprint)
    seen.append(opened(server.name.replace("127.0.0.1", "localhost")).fingerprint)
    server.script = lambda asked: answer_of([vector(text)[:20] for text in texts_of(asked)])
    seen.append(opened(server.name).fingerprint)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 4


MALFORMED = {
    "page": HTML,
    "text": Reply(b"ok"),
    "list": Reply([1, 2]),
    "error": Reply({"error": "no model"}),
    "too few": answer_of([[1.0, 2.0]]),
    "too many": answer_of([[1.0, 2.0]] * 3),
    "the same twice": Reply({"data": [{"index": 0, "embedding": [1.0, 2.0]}] * 2}),
    "from 1": Reply({"data": [{"index": place, "embedding": [1.0, 2.0]} for place in (1, 2)]}),
    "without index": Reply({"data": [{"embedding": [1.0, 2.0]}] * 2}),
    "base64": answer_of(["AACAPw=="] * 2),
    "ragged": answer_of([[1.0, 2.0], [1.0]]),
    "numbers": answer_of([1.0, 2.0]),
    "null": Reply({"data": None}),
}


@pytest.mark.parametrize("reply", MALFORMED.values(), ids=MALFORMED)
def test_an_answer_that_is_not_a_vector_for_each_text_is_refused(server: Server, reply: Reply) -> None:
    encoder = opened(server.name)
    server.replies(reply)
    with pytest.raises(EncoderUnavailable) as refused:
        encoder.encode_texts(["red", "blue"])
    assert str(refused.value) == (
        f"Encoder '{server.name}' answers, but not with a vector for each text: a proxy's page, or another service. "
        "Name the address of its embeddings, such as 'https://HOST/v1/embeddings#MODEL'."
    )


def test_vectors_of_other_dims_than_before_are_refused(server: Server) -> None:
    encoder = opened(server.name)
    server.replies(answer_of([[1.0, 2.0]] * 2))
    with pytest.raises(
        EncoderUnavailable, match=r"gave an array of the shape \(2, 2\) for 2 items, expected \(2, 26\)"
    ):
        encoder.encode_texts(["red", "blue"])


@pytest.mark.parametrize("reply", [BUSY, Reply(HTML.body, 503, headers={}), Reply(status=502), RESET])
def test_a_server_that_is_busy_or_briefly_away_is_asked_again(
    server: Server, pauses: list[float], reply: Reply
) -> None:
    encoder = opened(server.name)
    server.replies(reply, reply)
    assert encoder.encode_texts(["red", "blue"]).shape == (2, 26)
    assert pauses == [PAUSE, 2 * PAUSE]


def test_the_pause_is_the_one_that_the_server_asks_for(server: Server, pauses: list[float]) -> None:
    encoder = opened(server.name)
    server.replies(Reply(status=429, headers={"Retry-After": "7"}), Reply(status=429, headers={"Retry-After": "soon"}))
    encoder.encode_texts(["red", "blue"])
    assert pauses == [7.0, 2 * PAUSE]


def test_a_pause_that_is_too_long_is_not_made(server: Server, pauses: list[float]) -> None:
    encoder = opened(server.name)
    for texts, seconds in ((["red"], QUERY.seconds), (["red", "blue"], BATCH.seconds)):
        server.replies(Reply(status=429, headers={"Retry-After": f"{seconds + 1:.0f}"}))
        with pytest.raises(EncoderUnavailable, match=r"is too busy \(429\)\. Check that it runs, and repeat"):
            encoder.encode_texts(texts)
    assert pauses == []


def test_a_server_that_stays_busy_is_given_up_after_a_while_and_sooner_for_a_query(
    server: Server, pauses: list[float]
) -> None:
    encoder = opened(server.name)
    server.script = lambda _: BUSY
    for texts, patience in ((["red"], QUERY), (["red", "blue"], BATCH)):
        pauses.clear()
        with pytest.raises(EncoderUnavailable, match=r"is too busy \(429\)"):
            encoder.encode_texts(texts)
        assert len(pauses) == patience.attempts - 1
        assert sum(pauses) < patience.seconds


def test_a_server_that_hangs_is_waited_for_no_longer_than_a_query_may_take(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = opened(server.name)
    monkeypatch.setattr(endpoint, "QUERY", Patience(2, 0.3))
    server.script = lambda _: HANG
    with pytest.raises(EncoderUnavailable, match=r"cannot be reached \(.*timed out\)\. Check that it runs"):
        encoder.encode_texts(["red"])
    assert len(server.texts) == 2  # the probe, and one attempt


def test_a_server_that_is_not_there_is_named(unused_address: str) -> None:
    with pytest.raises(EncoderUnavailable) as refused:
        opened(unused_address)
    assert str(refused.value).startswith(f"Encoder '{unused_address}' cannot be reached (")


@pytest.mark.parametrize(("status", "everything"), [(400, False), (413, False), (422, False), (401, True), (404, True)])
def test_a_refusal_says_why_and_whether_the_texts_may_be_at_fault(
    server: Server, status: int, everything: bool
) -> None:
    encoder = opened(server.name)
    server.replies(Reply(b"maximum context\n length is 8192 tokens", status))
    with pytest.raises(EncoderError) as refused:
        encoder.encode_texts(["red", "blue"])
    assert isinstance(refused.value, EncoderUnavailable) is everything
    assert str(refused.value) == (
        f"Encoder '{server.name}' refused ({status}): maximum context length is 8192 tokens. "
        "Check its address, its model, and the key in HYBRIDSEARCH_ENCODER_KEY."
    )


def test_a_redirect_is_not_followed_with_the_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_ENCODER_KEY", KEY)
    with serving(embeddings) as elsewhere:
        server.replies(Reply(status=307, headers={"Location": f"{elsewhere.url}/v1/embeddings"}))
        with pytest.raises(EncoderUnavailable, match=r"refused \(307\)"):
            opened(server.name)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("http:", "Encoder 'http:': expected 'https://HOST/v1/embeddings#MODEL'."),
        ("https://#m", "Encoder 'https://#m': expected 'https://HOST/v1/embeddings#MODEL'."),
        ("https://host/v1", "Encoder 'https://host/v1': expected 'https://HOST/v1/embeddings#MODEL'."),
        (
            "https://me:s3cret@host/v1/embeddings#m",
            "An encoder's address holds a user name or password. Set HYBRIDSEARCH_ENCODER_KEY instead.",
        ),
        ("http://host:port/v1#m", "Encoder 'http://host:port/v1#m' of kind 'http' cannot be opened: InvalidURL: "),
    ],
)
def test_a_name_that_is_no_address_with_a_model_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(EncoderError) as refused:
        opened(name)
    assert str(refused.value).startswith(sentence)


def test_a_separate_image_tower_is_refused(server: Server) -> None:
    with pytest.raises(EncoderError, match=r"reads words alone\. Leave its 'image_encoder' out"):
        load_encoder(server.name, image_encoder="clip", folder=Path())


@pytest.mark.parametrize("key", ["sk-s3cret\nx", "sk-s3crét", "sk-s3cret\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(
    server: Server, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_ENCODER_KEY", key)
    with pytest.raises(EncoderError) as refused:
        opened(server.name)
    assert str(refused.value) == (
        "HYBRIDSEARCH_ENCODER_KEY has characters that no key has. Set it without line breaks."
    )
    assert server.texts == []


def test_the_key_is_seen_nowhere(
    tmp_path: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in an output, not in a log, not in a file: also where the server repeats it, or refuses it."""
    caplog.set_level(logging.DEBUG)
    write_config(tmp_path, vectors=[leg(server.name)])
    run = runner(tmp_path, monkeypatch, capfdbinary)
    monkeypatch.setenv("HYBRIDSEARCH_ENCODER_KEY", KEY)
    told = ""
    for reply in (None, Reply({"error": f"Incorrect API key provided: {KEY}"}, 401), Reply(KEY.encode()), BUSY):
        server.script = lambda _, reply=reply: reply  # type: ignore[misc]
        for command in (["reindex"], ["search", "red coat", "--explain"], ["doctor"], ["reindex", "--dry-run"]):
            told += "".join(map(str, run(*command)))
    assert "Incorrect API key provided: …" in told
    assert {asked.headers["authorization"] for asked in server.fake.asked} == {f"Bearer {KEY}"}
    kept = [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()]
    assert not [text for text in (told, caplog.text, *kept) if KEY in text or KEY[3:12] in text]


def test_a_search_whose_server_is_away_is_answered_by_keywords_and_says_so(
    tmp_path: Path, server: Server, pauses: list[float]
) -> None:
    with HybridSearch.open(settings(tmp_path, vectors=[leg(server.name)])) as shop:
        shop.reindex()
        assert shop.search("red coat").degraded == ()
        faults = {"red dress": RESET, "winter coat": BUSY, "rain boots": HTML, "blue coat": Reply(status=401)}
        for words, reply in faults.items():
            server.script = lambda _, reply=reply: reply  # type: ignore[misc]
            page = shop.search(words)
            assert page.hits
            assert len(page.degraded) == 1
            assert page.degraded[0].startswith(f"no vectors from 'words': Encoder '{server.name}' ")
            with pytest.raises(DegradedAnswer):
                shop.search(words, strict=True)


def test_a_process_that_starts_while_the_server_is_away_answers_and_finds_it_again(
    tmp_path: Path, server: Server, pauses: list[float]
) -> None:
    configured = settings(tmp_path, vectors=[leg(server.name)])
    with HybridSearch.open(configured) as shop:
        shop.reindex()
    with HybridSearch.open(configured) as shop:
        server.script = lambda _: RESET
        assert len(shop.search("red coat").degraded) == 1
        server.script = lambda _: None
        assert shop.search("red coat").degraded == ()


def test_a_rebuild_whose_server_goes_away_stops_at_once_and_is_continued(
    tmp_path: Path, server: Server, pauses: list[float]
) -> None:
    """Fault 32."""
    rows = [
        {"id": str(number), "title": f"shoe {LETTERS[number % 26] * (1 + number % 7)} {number}"}
        for number in range(700)
    ]
    write_products(tmp_path / "products.jsonl", rows)
    with HybridSearch.open(settings(tmp_path, vectors=[leg(server.name)])) as shop:
        server.script = lambda _: RESET if len(server.texts) > 20 else None  # within the third batch of 256
        with pytest.raises(EncoderUnavailable, match="cannot be reached"):
            shop.reindex(options=quietly())
        assert len(server.texts) == 20 + BATCH.attempts
        server.script = lambda _: None
        report = shop.reindex(options=quietly())
        assert (report.indexed, report.rejected, report.resumed) == (700, 0, 256)
        documents = shop.engine.stored(report.generation, [row["id"] for row in rows])
    assert all(document.vectors for document in documents.values())
    asked = Counter(text for batch in server.texts for text in batch)
    before = [asked[row["title"]] for row in rows[:512]]
    assert before == [1] * 512  # what was encoded but not yet written is not asked for again


def test_a_server_that_vanishes_in_a_small_catalogue_leaves_no_product_without_its_vector(
    tmp_path: Path, server: Server, pauses: list[float]
) -> None:
    """Where a few products fail, they would be indexed without; but they are not at fault."""
    with HybridSearch.open(settings(tmp_path, vectors=[leg(server.name)])) as shop:
        shop.reindex()
        write_products(tmp_path / "products.jsonl", [*PRODUCTS, {"id": "6", "title": "Yellow hat"}])
        server.script = lambda _: RESET
        with pytest.raises(EncoderUnavailable):
            shop.reindex()
        with pytest.raises(EncoderUnavailable):
            shop.upsert([{"id": "7", "title": "Black hat"}])
        server.script = lambda _: None
        assert shop.upsert([{"id": "7", "title": "Black hat"}]).rejects == ()
        assert [hit.id for hit in shop.search("black hat", size=1)] == ["7"]


def test_only_the_text_that_the_server_refuses_is_left_without_a_vector(tmp_path: Path, server: Server) -> None:
    rows = [{"id": str(number), "title": f"shoe {number}" + " long" * (number == 7)} for number in range(20)]
    write_products(tmp_path / "products.jsonl", rows)
    too_long = Reply({"error": {"message": "too many tokens"}}, 400)
    server.script = lambda asked: too_long if any("long" in text for text in texts_of(asked)) else None
    with HybridSearch.open(settings(tmp_path, vectors=[leg(server.name)])) as shop:
        report = shop.reindex()
    assert (report.indexed, [(reject.id, reject.stage) for reject in report.rejects]) == (20, [("7", "encode")])
    assert "too many tokens" in report.rejects[0].reason


def test_what_is_encoded_is_never_asked_for_again(tmp_path: Path, server: Server) -> None:
    configured = settings(tmp_path, vectors=[leg(server.name)])
    for expected in ((5, 0), (0, 5)):
        with HybridSearch.open(configured) as shop:
            report = shop.reindex()
        assert (report.encoded, report.cached) == expected
    titles = [row["title"] for row in PRODUCTS]
    assert sorted(text for batch in server.texts for text in batch if text in titles) == sorted(map(str, titles))
    with HybridSearch.open(settings(tmp_path, vectors=[leg(f"{server.name}-large")])) as shop:
        assert shop.reindex().encoded == 5


FORKED = """
import os, sys
from pathlib import Path
from hybridsearch.encoders import load_encoder

encoder = load_encoder(sys.argv[1], folder=Path())
children = []
for number in range(2):
    child = os.fork()
    if not child:
        for turn in range(4):
            letter = "abcdefgh"[turn % 4 + 4 * number]
            assert encoder.encode_texts([letter * 30]).argmax() == ord(letter) - ord("a")
        os._exit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
assert encoder.encode_texts(["zzz"]).argmax() == 25
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_workers_do_not_use_each_others_connections(server: Server) -> None:
    server.script = lambda _: time.sleep(0.1)  # both have asked before either is answered
    done = subprocess.run(
        [sys.executable, "-c", FORKED, server.name], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert sorted(server.texts) == sorted([["red"], ["zzz"], *([letter * 30] for letter in "abcdefgh")])


def slow_endpoint(answer: Callable[[Sending], None]) -> Script:
    """Answer the probe, and every other request by a function."""
    asked: list[str] = []

    def script(path: str, sending: Sending) -> None:
        asked.append(path)
        if len(asked) == 1:
            sending.answer(embeddings_of(["red"]))
        else:
            answer(sending)

    return script


def embeddings_of(texts: Sequence[str]) -> Any:
    return answer_of([vector(text) for text in texts]).body


def head_in_drops(sending: Sending) -> None:
    sending.drip(whole(embeddings_of(["red"]))[:40], 0.1)


def body_in_drops(sending: Sending) -> None:
    sending.send(HEAD + b"Content-Length: 40\r\n\r\n")
    sending.drip(b" " * 40, 0.1)


@pytest.mark.parametrize("answer", [head_in_drops, body_in_drops], ids=lambda answer: answer.__name__)
def test_an_answer_in_drops_ends_with_the_time_of_a_query(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Sending], None]
) -> None:
    """Attack: an encoder that answers byte by byte."""
    monkeypatch.setattr(endpoint, "QUERY", Patience(2, 0.4))
    with slowly(slow_endpoint(answer)) as url:
        encoder = opened(f"{url}/v1/embeddings#{MODEL}")
        started = time.monotonic()
        with pytest.raises(EncoderUnavailable, match="timed out"):
            encoder.encode_texts(["red"])
        assert time.monotonic() - started < 0.9


def test_an_encoder_takes_at_most_half_of_the_time_of_a_search(tmp_path: Path) -> None:
    """Attack: an encoder that answers byte by byte; the words still answer in time."""
    with slowly(slow_endpoint(body_in_drops)) as url:
        configured = settings(tmp_path, vectors=[leg(f"{url}/v1/embeddings#{MODEL}")], engine={"timeout": 1.0})
        with HybridSearch.open(configured) as shop:
            build_without_vectors(shop)
            started = time.monotonic()
            page = shop.search("red coat")
            assert time.monotonic() - started < 0.9
    assert page.total
    assert "timed out" in page.degraded[0]


def build_without_vectors(shop: HybridSearch) -> None:
    """Build an index whose leg is that of the encoder, and holds nothing."""
    schema = Schema(shop.settings.fields, (Leg("words", 26, shop.encoders["words"].fingerprint, ("title",)),), "")
    generation = shop.engine.create(schema)
    shop.engine.write(generation, [Document("1", {}, {name: {"en": "red coat"} for name in ("title", "text")})])
    shop.engine.refresh(generation)
    shop.engine.promote(generation, schema)


def endless_body(sending: Sending) -> None:
    sending.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not sending.over.is_set():
        sending.send(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")


def test_an_endless_answer_of_an_encoder_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: an encoder whose answer has no end, or unpacks to a thousand times its size."""
    monkeypatch.setattr(endpoints, "MOST_BYTES", 10 << 20)
    with slowly(slow_endpoint(endless_body)) as url:
        encoder = opened(f"{url}/v1/embeddings#{MODEL}")
        with pytest.raises(EncoderUnavailable, match="an answer of more than 10 MiB"):
            encoder.encode_texts(["red"])


def test_an_answer_that_is_compressed_unasked_is_not_unpacked(server: Server) -> None:
    """Attack: an encoder whose answer has no end, or unpacks to a thousand times its size."""
    encoder = opened(server.name)
    packed = gzip.compress(json.dumps(embeddings_of(["red"])).encode() + b" " * (50 << 20))
    server.replies(Reply(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(EncoderUnavailable, match="not with a vector for each text"):
        encoder.encode_texts(["red"])
    assert server.fake.asked[-1].headers["accept-encoding"] == "identity"


def test_an_encoder_that_hangs_costs_one_search_its_time_and_not_all(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: an encoder that hangs, with several legs."""
    monkeypatch.setattr(breaker, "SLOW", 0.2)
    monkeypatch.setattr(breaker, "PAUSE", 1.0)
    legs = [leg(server.name), {**leg(server.name), "name": "notes", "reads": ["note"]}]
    with HybridSearch.open(settings(tmp_path, vectors=legs, engine={"timeout": 1.0})) as shop:
        shop.reindex()
        server.script = lambda _: HANG
        took = []
        for words in ("red dress", "blue coat", "rain boots", "winter coat"):
            started = time.monotonic()
            page = shop.search(words)
            took.append(time.monotonic() - started)
            assert page.total
            assert len(page.degraded) == 2
        assert took[0] < 0.9
        assert sum(took[1:]) < 0.3
        assert f"Encoder '{server.name}' is left out for " in page.degraded[0]
        server.script = lambda _: None
        assert len(shop.search("red dress").degraded) == 2
        time.sleep(1.0)
        assert shop.search("green dress").degraded == ()
