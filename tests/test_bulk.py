"""Bulk writes on a server that misbehaves: every product is written or has its dead letter, and nothing is hammered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elastic_transport import ConnectionError as Unreachable
from elasticsearch import ApiError, Elasticsearch

from hybridsearch.engines.elasticsearch import bulk
from hybridsearch.engines.elasticsearch.bulk import BUDGET, Item, chunks, send, to_item
from hybridsearch.engines.elasticsearch.connection import connect
from hybridsearch.settings import EngineSection
from hybridsearch.values import Document, Reject, Row, Vector
from tests.servers.fake import HALF, HANG, HTML, RESET, Asked, Fake, Reply, error, serving

GOOD = Reply({"errors": False, "items": []})
BUSY = error(429, "es_rejected_execution_exception")


def item(id: str, row: Row | None = None) -> Item:  # noqa: A002 - as in Document
    made = to_item(Document(id, row or {"title": "x"}, {}))
    assert isinstance(made, Item)
    return made


def items(count: int) -> list[Item]:
    return [item(str(number)) for number in range(count)]


def outcomes(*found: int | str) -> Reply:
    """Return a bulk answer: for each product its status, or the reason of a refusal."""

    def item(outcome: int | str) -> dict[str, Any]:
        if isinstance(outcome, int):
            return {"index": {"status": outcome}}
        return {"index": {"status": 400, "error": {"type": "t", "reason": outcome}}}

    return Reply({"errors": True, "items": [item(each) for each in found]})


def page(status: int) -> Reply:
    """Return a proxy's page that passes Elasticsearch's header on."""
    return Reply(b"<html>Come back later</html>", status, "text/html")


@contextmanager
def answering(*replies: Reply) -> Iterator[tuple[Fake, Elasticsearch]]:
    """Run a server that gives these answers in turn, and then accepts everything."""
    left = list(replies)
    script = lambda asked: left.pop(0) if left else GOOD  # noqa: E731
    with serving(script) as fake, connect(EngineSection(url=fake.url), Path()) as client:
        yield fake, client


def sent(asked: Asked) -> list[str]:
    return [line["index"]["_id"] for line in asked.lines[::2]]


def test_a_product_is_an_action_and_a_body() -> None:
    vectors = {"image": Vector([1, 0])}
    made = to_item(Document("1", {"title": "Red"}, {"title": {"en": "red"}}, vectors=vectors, routing="eu"))
    assert isinstance(made, Item)
    assert made.lines == (
        b'{"index":{"_id":"1","routing":"eu"}}',
        b'{"title":"Red","hybrid":{"id":"1","title":{"en":"red"},"vectors":{"image":[1.0,0.0]}}}',
    )


def test_a_row_that_json_cannot_hold_is_a_dead_letter() -> None:
    made = to_item(Document("1", {"title": "\ud800"}, {}))
    assert isinstance(made, Reject)
    assert made.reason.startswith("it cannot be written as JSON: ")


def test_chunks_keep_to_500_products_and_five_million_bytes() -> None:
    assert [len(chunk) for chunk in chunks(items(1_200))] == [500, 500, 200]
    large = {"title": "x" * 2_000_000}
    assert [len(chunk) for chunk in chunks([item("1", large), item("2", large), item("3", large)])] == [2, 1]
    assert [len(chunk) for chunk in chunks([item("1", {"title": "x" * 6_000_000}), item("2")])] == [1, 1]
    assert list(chunks([])) == []


def test_all_is_well_in_one_request() -> None:
    with answering() as (fake, client):
        assert send(client, "shop", items(3)) == []
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2"]]


def test_one_bad_product_of_many_is_a_dead_letter_and_the_others_are_written() -> None:
    with answering(outcomes(201, "failed to parse", 201)) as (fake, client):
        (reject,) = send(client, "shop", items(3))
    assert (reject.id, reject.stage, reject.reason, reject.row) == ("1", "write", "failed to parse", {"title": "x"})
    assert len(fake.asked) == 1


def test_the_reason_of_a_refusal_has_its_cause() -> None:
    cause = {"type": "mapper", "reason": "failed to parse", "caused_by": {"type": "n", "reason": "For input: 'free'"}}
    with answering(Reply({"errors": True, "items": [{"index": {"status": 400, "error": cause}}]})) as (_, client):
        (reject,) = send(client, "shop", items(1))
    assert reject.reason == "failed to parse: For input: 'free'"


def test_of_a_chunk_only_the_products_that_met_a_busy_server_are_sent_again() -> None:
    with answering(outcomes(201, 429, "bad", 429)) as (fake, client):
        rejects = send(client, "shop", items(4), pause=lambda _: None)
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2", "3"], ["1", "3"]]
    assert [reject.id for reject in rejects] == ["2"]


@pytest.mark.parametrize(
    "trouble",
    [BUSY, error(502, "x"), error(503, "x"), error(504, "x"), page(502), RESET, HALF, HTML, page(200)],
    ids=["429", "502", "503", "504", "page 502", "reset", "half", "page of a stranger", "page of a friend"],
)
def test_what_may_pass_is_waited_for_and_the_same_products_are_sent_again(trouble: Reply) -> None:
    pauses: list[float] = []
    with answering(trouble, trouble) as (fake, client):
        assert send(client, "shop", items(2), pause=pauses.append) == []
    assert [sent(asked) for asked in fake.asked] == [["0", "1"]] * 3
    assert len(pauses) == 2


def test_a_timeout_leaves_the_outcome_open_so_the_same_products_are_sent_again() -> None:
    with answering(HANG) as (fake, client):
        assert send(client.options(request_timeout=0.1), "shop", items(2), pause=lambda _: None) == []
        assert [sent(asked) for asked in fake.asked] == [["0", "1"]] * 2


@pytest.mark.parametrize("refusal", [error(413, "too_large"), page(413)], ids=["of the server", "of a proxy"])
def test_a_chunk_that_is_too_large_is_halved_and_a_product_that_is_too_large_is_refused(refusal: Reply) -> None:
    def accept(asked: Asked) -> Reply:
        return refusal if "2" in sent(asked) else GOOD

    with serving(accept) as fake, connect(EngineSection(url=fake.url), Path()) as client:
        (reject,) = send(client, "shop", items(4))
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2", "3"], ["0", "1"], ["2", "3"], ["2"], ["3"]]
    assert (reject.id, reject.reason) == ("2", f"its {item('2').size} bytes are more than the server accepts (413)")


@pytest.mark.parametrize(("trouble", "raised"), [(BUSY, ApiError), (RESET, Unreachable)], ids=["busy", "reset"])
def test_pauses_grow_and_are_jittered_until_the_budget_is_spent(trouble: Reply, raised: type[Exception]) -> None:
    pauses: list[float] = []
    with answering(*[trouble] * 200) as (fake, client), pytest.raises(raised):
        send(client, "shop", items(1), pause=pauses.append)
    tops = [min(0.5 * 2**place, 30) for place in range(len(pauses))]
    assert all(top / 2 <= pause <= top for pause, top in zip(pauses, tops, strict=True))
    assert len(set(pauses)) == len(pauses)
    assert BUDGET <= sum(pauses) < BUDGET + 30
    assert len(fake.asked) == len(pauses) + 1


def test_products_that_met_a_busy_server_all_along_become_dead_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BUDGET", 1.0)
    with answering(*[outcomes(429)] * 200) as (_, client):
        (reject,) = send(client, "shop", items(1), pause=lambda _: None)
    assert reject.reason == "the server was too busy for it (429) all along"


def test_progress_renews_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BUDGET", 1.0)
    slow = [outcomes(*[201] * (len(range(left)) > 0), *[429] * (left - 1)) for left in range(6, 1, -1)]
    with answering(*slow) as (fake, client):
        assert send(client, "shop", items(6), pause=lambda _: None) == []
    assert [len(sent(asked)) for asked in fake.asked] == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_raised_at_once(status: int) -> None:
    pauses: list[float] = []
    with answering(error(status, "x")) as (fake, client), pytest.raises(ApiError):
        send(client, "shop", items(1), pause=pauses.append)
    assert (len(fake.asked), pauses) == (1, [])


def test_chunks_after_a_refused_product_are_still_sent() -> None:
    with answering(outcomes(*["bad"] * 500)) as (fake, client):
        rejects: Sequence[Reject] = send(client, "shop", items(501))
    assert (len(rejects), len(fake.asked)) == (500, 2)
