"""What is decided about failed items and requests, and how long the pauses are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.elasticsearch.transport.retry import (
    BUDGET,
    Backoff,
    Verdict,
    item_verdict,
    repeatable,
    retry_after,
)


@pytest.mark.parametrize(
    ("status", "kind", "verdict"),
    [
        (201, None, Verdict.DONE),
        (404, None, Verdict.DONE),
        (409, "version_conflict_engine_exception", Verdict.OLDER),
        (429, "es_rejected_execution_exception", Verdict.AGAIN),
        (429, "cluster_block_exception", Verdict.STOP),
        (403, "cluster_block_exception", Verdict.STOP),
        (503, "cluster_block_exception", Verdict.AGAIN),  # no master at the moment
        (503, "unavailable_shards_exception", Verdict.AGAIN),
        (400, "document_parsing_exception", Verdict.REFUSED),
        (403, "security_exception", Verdict.STOP),
        (404, "index_not_found_exception", Verdict.STOP),
    ],
)
def test_the_verdict_on_an_item_follows_from_its_status(status: int, kind: str | None, verdict: Verdict) -> None:
    assert item_verdict(status, kind) is verdict


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), (None, None), ("soon", None), ("-1", None), ("inf", None)]
)
def test_a_retry_after_header_is_read_as_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1000)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_backoff_ends_and_no_pause_is_shorter_than_asked_for(requested: list[float | None], luck: Any) -> None:
    backoff, total = Backoff(), 0.0
    for request in requested:
        seconds = backoff.pause(request, luck.uniform)
        if seconds is None:
            assert total >= BUDGET or (request or 0) > BUDGET
            break
        assert seconds >= max(request or 0, 0.25)
        total += seconds
        backoff = backoff.after(seconds)
    assert total < 2 * BUDGET + 1


@pytest.mark.parametrize(
    ("status", "kind", "repeated"),
    [
        (429, "es_rejected_execution_exception", True),
        (429, "circuit_breaking_exception", True),
        (429, "cluster_block_exception", False),
        (503, "cluster_block_exception", True),  # no master at the moment
        (502, None, True),
        (503, "unavailable_shards_exception", True),
        (504, None, True),
        (500, "null_pointer_exception", False),
        (404, "index_not_found_exception", False),
    ],
)
def test_status_and_type_decide_whether_a_request_is_repeated(status: int, kind: str | None, repeated: bool) -> None:
    """Faults 3, 5 and 16."""
    assert repeatable(status, kind) is repeated
