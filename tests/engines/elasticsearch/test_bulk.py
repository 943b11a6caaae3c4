"""Bulk writes to a server that fails: every product is written or is a reject, and the server is never hammered.

The decisions of `retry.py` are tested in test_retry.py.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elastic_transport import ConnectionError as Unreachable
from elasticsearch import ApiError, Elasticsearch

from hybridsearch.engines.base import Written
from hybridsearch.engines.elasticsearch.bulk import Item, Sender, take_chunk, to_item, to_removal
from hybridsearch.engines.elasticsearch.transport import retry
from hybridsearch.engines.elasticsearch.transport.connection import connect
from hybridsearch.engines.elasticsearch.transport.retry import BUDGET, Limits
from hybridsearch.engines.elasticsearch.transport.waiting import Pause, Waiting
from hybridsearch.errors import EngineError
from hybridsearch.sections import EngineSection
from hybridsearch.values import Document, Reject, Row, Vector
from tests.servers.fake import HALF, HANG, HTML, RESET, Fake, Received, Reply, error, serving

BUSY = error(429, "es_rejected_execution_exception")


def send(client: Elasticsearch, index: str, items: Sequence[Item], pause: Pause = lambda _: None) -> Written:
    return Sender(Waiting(pause)).send(client, index, items)


def chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    queue = deque(items)
    while queue:
        yield take_chunk(queue, Limits())


def item(id: str, row: Row | None = None) -> Item:  # noqa: A002 - as in Document
    written = to_item(Document(id, row or {"title": "x"}, {}))
    assert isinstance(written, Item)
    return written


def items(count: int) -> list[Item]:
    return [item(str(number)) for number in range(count)]


def outcomes(*results: int | str) -> Reply:
    """Return a bulk answer: for each product its status, or the reason of a refusal."""

    def item(outcome: int | str) -> dict[str, Any]:
        if isinstance(outcome, int):
            return {"index": {"status": outcome}}
        return {"index": {"status": 400, "error": {"type": "t", "reason": outcome}}}

    return Reply({"errors": True, "items": [item(result) for result in results]})


def removed(*statuses: int) -> Reply:
    """Return a bulk answer to removals."""
    return Reply({"errors": False, "items": [{"delete": {"status": status}} for status in statuses]})


def good(asked: Received) -> Reply:
    """Return a bulk answer that accepts every product."""
    return outcomes(*[201] * (len(asked.lines) // 2))


def page(status: int) -> Reply:
    """Return a proxy's page that passes Elasticsearch's header on."""
    return Reply(b"<html>Come back later</html>", status, "text/html")


@contextmanager
def answering(*replies: Reply) -> Iterator[tuple[Fake, Elasticsearch]]:
    """Run a server that gives these answers in turn, then accepts everything."""
    left = list(replies)
    script = lambda asked: left.pop(0) if left else good(asked)  # noqa: E731
    with serving(script) as fake, connect(EngineSection(url=fake.url), Path()) as client:
        yield fake, client


def sent(asked: Received) -> list[str]:
    return [line["index"]["_id"] for line in asked.lines[::2]]


def test_a_product_is_an_action_and_a_body() -> None:
    vectors = {"image": Vector([1, 0])}
    item = to_item(Document("1", {"title": "Red"}, {"title": {"en": "red"}}, vectors=vectors, routing="eu"))
    assert isinstance(item, Item)
    assert item.lines == (
        b'{"index":{"_id":"1","routing":"eu"}}',
        b'{"title":"Red","hybrid":{"id":"1","title":{"en":"red"},"vectors":{"image":[1.0,0.0]}}}',
    )


def test_a_column_of_a_name_that_the_server_has_for_itself_is_a_reject_that_says_so() -> None:
    refused = to_item(Document("1", {"_id": {"$oid": "1"}, "title": "x"}, {}))
    assert isinstance(refused, Reject)
    assert (
        refused.reason == "it has a field '_id', a name that Elasticsearch has for itself; rename it in the catalogue"
    )


def test_a_row_that_json_cannot_hold_is_a_reject() -> None:
    reject = to_item(Document("1", {"title": "\ud800"}, {}))
    assert isinstance(reject, Reject)
    assert reject.reason.startswith("it cannot be written as JSON: ")


def test_chunks_keep_to_500_products_and_five_million_bytes() -> None:
    assert [len(chunk) for chunk in chunks(items(1_200))] == [500, 500, 200]
    large = {"title": "x" * 2_000_000}
    assert [len(chunk) for chunk in chunks([item("1", large), item("2", large), item("3", large)])] == [2, 1]
    assert [len(chunk) for chunk in chunks([item("1", {"title": "x" * 6_000_000}), item("2")])] == [1, 1]
    assert list(chunks([])) == []


def test_all_is_well_in_one_request() -> None:
    with answering() as (fake, client):
        assert send(client, "shop", items(3)) == Written()
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2"]]


def test_one_bad_product_of_many_is_a_reject_and_the_others_are_written() -> None:
    """Fault 21."""
    with answering(outcomes(201, "failed to parse", 201)) as (fake, client):
        (reject,) = send(client, "shop", items(3)).refused
    assert (reject.id, reject.stage, reject.reason, reject.row) == ("1", "write", "failed to parse", {"title": "x"})
    assert len(fake.asked) == 1


def test_the_reason_of_a_refusal_has_its_cause() -> None:
    cause = {"type": "mapper", "reason": "failed to parse", "caused_by": {"type": "n", "reason": "For input: 'free'"}}
    with answering(Reply({"errors": True, "items": [{"index": {"status": 400, "error": cause}}]})) as (_, client):
        (reject,) = send(client, "shop", items(1)).refused
    assert reject.reason == "failed to parse: For input: 'free'"


def test_of_a_chunk_only_the_products_that_met_a_busy_server_are_sent_again() -> None:
    """Fault 4."""
    with answering(outcomes(201, 429, "bad", 429)) as (fake, client):
        rejects = send(client, "shop", items(4)).refused
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2", "3"], ["1", "3"]]
    assert [reject.id for reject in rejects] == ["2"]


@pytest.mark.parametrize(
    "trouble",
    [BUSY, error(502, "x"), error(503, "x"), error(504, "x"), page(502), RESET, HALF, HTML, page(200)],
    ids=["429", "502", "503", "504", "page 502", "reset", "half", "page", "page with Elasticsearch's header"],
)
def test_what_may_pass_is_waited_for_and_the_same_products_are_sent_again(trouble: Reply) -> None:
    """Faults 5, 7 and 8."""
    pauses: list[float] = []
    with answering(trouble, trouble) as (fake, client):
        assert send(client, "shop", items(2), pause=pauses.append) == Written()
    assert [sent(asked) for asked in fake.asked] == [["0", "1"]] * 3
    assert len(pauses) == 2


def test_a_timeout_leaves_the_outcome_open_so_the_same_products_are_sent_again() -> None:
    """Fault 6."""
    with answering(HANG) as (fake, client):
        assert send(client.options(request_timeout=0.1), "shop", items(2), pause=lambda _: None) == Written()
        assert [sent(asked) for asked in fake.asked] == [["0", "1"]] * 2


@pytest.mark.parametrize("refusal", [error(413, "too_large"), page(413)], ids=["of the server", "of a proxy"])
def test_a_chunk_that_is_too_large_is_halved_and_a_product_that_is_too_large_is_refused(refusal: Reply) -> None:
    """Fault 23."""

    def accept(asked: Received) -> Reply:
        return refusal if "2" in sent(asked) else good(asked)

    with serving(accept) as fake, connect(EngineSection(url=fake.url), Path()) as client:
        (reject,) = send(client, "shop", items(4)).refused
    assert [sent(asked) for asked in fake.asked] == [["0", "1", "2", "3"], ["0", "1"], ["2", "3"], ["2"], ["3"]]
    assert (reject.id, reject.reason) == ("2", f"its {item('2').size} bytes are more than the server accepts (413)")


@pytest.mark.parametrize(("trouble", "raised"), [(BUSY, ApiError), (RESET, Unreachable)], ids=["busy", "reset"])
def test_pauses_grow_and_are_jittered_until_the_budget_is_spent(trouble: Reply, raised: type[Exception]) -> None:
    pauses: list[float] = []
    with answering(*[trouble] * 200) as (fake, client), pytest.raises(raised):
        send(client, "shop", items(1), pause=pauses.append)
    tops = [min(0.5 * 2**tries, 30) for tries in range(len(pauses))]
    assert all(top / 2 <= pause <= top for pause, top in zip(pauses, tops, strict=True))
    assert len(set(pauses)) == len(pauses)
    assert BUDGET <= sum(pauses) < BUDGET + 30
    assert len(fake.asked) == len(pauses) + 1


def test_products_for_which_the_server_stays_too_busy_stop_the_run_and_are_no_rejects() -> None:
    """Fault 4: the server is the cause, not the product; the run is continued later."""
    with answering(*[outcomes(429)] * 200) as (_, client), pytest.raises(EngineError) as stopped:
        send(client, "shop", items(1))
    assert str(stopped.value) == (
        "The server stayed too busy for 1 products, such as '0' (429). "
        "Wait until it has less to do, then continue with the same command."
    )


def test_progress_renews_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BUDGET", 1.0)
    slow = [outcomes(201, *[429] * (left - 1)) for left in range(6, 1, -1)]
    with answering(*slow) as (fake, client):
        assert send(client, "shop", items(6)) == Written()
    assert [len(sent(asked)) for asked in fake.asked] == [6, 5, 4, 3, 2, 1]


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    """Fault 3."""
    pauses: list[float] = []
    wait = Reply(BUSY.body, 429, headers={**BUSY.headers, "Retry-After": "45"})
    with answering(wait, wait) as (_, client):
        send(client, "shop", items(1), pause=pauses.append)
    assert pauses == [45, 45]


def test_a_server_that_asks_for_a_pause_beyond_the_budget_is_not_waited_for() -> None:
    pauses: list[float] = []
    wait = Reply(BUSY.body, 429, headers={**BUSY.headers, "Retry-After": "86400"})
    with answering(wait) as (fake, client), pytest.raises(ApiError):
        send(client, "shop", items(1), pause=pauses.append)
    assert (len(fake.asked), pauses) == (1, [])


def test_a_busy_server_gets_smaller_requests_and_larger_ones_again_when_it_is_well() -> None:
    """Faults 3 and 17."""
    breaker = error(429, "circuit_breaking_exception", "[parent] Data too large")
    with answering(breaker, breaker) as (fake, client):
        send(client, "shop", items(400))
    sizes = [len(sent(asked)) for asked in fake.asked]
    assert sizes[:3] == [400, 200, 100]
    assert sizes[2:-1] == sorted(sizes[2:-1])
    assert sizes[3] > 100
    assert sum(sizes[2:]) == 400


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("index_not_found_exception", "Start again with: hybridsearch reindex"),
        ("cluster_block_exception", "Free disk space or remove the block, then continue with the same command."),
    ],
)
def test_an_index_that_takes_no_writes_stops_the_run_and_rejects_nothing(kind: str, remedy: str) -> None:
    """Faults 16 and 18: the block is not removed, the index is not recreated."""
    refusal = {"index": {"status": 429 if "block" in kind else 404, "error": {"type": kind, "reason": "so it is"}}}
    with (
        answering(Reply({"errors": True, "items": [refusal]})) as (fake, client),
        pytest.raises(EngineError) as stopped,
    ):
        send(client, "shop", items(1))
    assert str(stopped.value).startswith("Nothing can be written to 'shop': so it is. ")
    assert str(stopped.value).endswith(remedy)
    assert len(fake.asked) == 1
    assert "require_alias=true" in fake.asked[0].path


def test_a_product_that_is_older_than_what_is_stored_is_no_reject() -> None:
    """Fault 24."""
    conflict = {"type": "version_conflict_engine_exception", "reason": "current version [9] is higher"}
    answer = Reply({"errors": True, "items": [{"index": {"status": 409, "error": conflict}}]})
    with answering(answer) as (_, client):
        assert send(client, "shop", items(1)) == Written(older=1)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ({"status": 200, "result": "noop"}, r"'shop' drops what is written to it: .*index\.final_pipeline"),
        (
            {"status": 400, "error": {"type": "t", "reason": "no write index is defined for alias [shop]."}},
            r"several indices; hybridsearch doctor names the way out",
        ),
    ],
    ids=["a pipeline that drops", "an alias on two indices"],
)
def test_what_concerns_every_product_stops_a_run_and_costs_no_single_one(outcome: dict[str, Any], message: str) -> None:
    answer = Reply({"errors": True, "items": [{"index": outcome}]})
    with answering(answer) as (_, client), pytest.raises(EngineError, match=message):
        send(client, "shop", items(1))


def test_of_two_products_with_one_id_the_first_is_done_before_the_last_is_sent() -> None:
    """Otherwise the first, rejected by a busy server, would be sent again after the last, and replace it."""
    twice = [item("1", {"title": "old"}), item("1", {"title": "new"})]
    with answering(outcomes(429)) as (fake, client):
        assert send(client, "shop", twice) == Written()
    assert [asked.lines[1]["title"] for asked in fake.asked] == ["old", "old", "new"]


def test_a_version_goes_along_doubled_so_that_a_removal_lies_between_two_versions() -> None:
    document = to_item(Document("1", {}, {}, version=7))
    removal = to_removal("1", 7)
    assert isinstance(document, Item)
    assert document.lines[0] == b'{"index":{"_id":"1","version":14,"version_type":"external_gte"}}'
    assert removal.lines == (b'{"delete":{"_id":"1","version":15,"version_type":"external_gte"}}',)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_raised_at_once(status: int) -> None:
    pauses: list[float] = []
    with answering(error(status, "x")) as (fake, client), pytest.raises(ApiError):
        send(client, "shop", items(1), pause=pauses.append)
    assert (len(fake.asked), pauses) == (1, [])


def test_chunks_after_a_refused_product_are_still_sent() -> None:
    with answering(outcomes(*["bad"] * 500)) as (fake, client):
        rejects: Sequence[Reject] = send(client, "shop", items(501)).refused
    assert (len(rejects), len(fake.asked)) == (500, 2)


def test_a_removal_of_what_is_not_there_is_counted_and_no_error() -> None:
    removals = [to_removal(key, None) for key in "abc"]
    with answering(removed(200, 404, 404)) as (_, client):
        assert send(client, "shop", removals) == Written(missing=2)
    gone = {"delete": {"status": 404, "error": {"type": "some_exception", "reason": "so it is"}}}
    with answering(Reply({"errors": True, "items": [{"delete": {"status": 404}}, gone, gone]})) as (_, client):
        written = send(client, "shop", removals)
    assert (written.missing, [reject.id for reject in written.refused]) == (1, ["b", "c"])
