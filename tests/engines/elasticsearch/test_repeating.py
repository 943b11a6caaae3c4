"""A search asks a busy server again while it has time, in growing pauses; one that is kept down is left alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, ConnectionError, ConnectionTimeout, HttpHeaders, NodeConfig, TlsError
from elasticsearch import ApiError

from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.repeating import repeating
from hybridsearch.engines.elasticsearch.transport.exchange import Exchange, Pause
from hybridsearch.engines.elasticsearch.transport.node import OutOfTime, Unreachable
from hybridsearch.engines.elasticsearch.transport.retry import MOST_REPEATS, Allowance
from hybridsearch.runtime.deadline import within
from tests.servers.fake import error

ASKED = Request("GET", "/")


def refusal(status: int, kind: str = "es_rejected_execution_exception", **headers: str) -> ApiError:
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(headers), 0.0, NodeConfig("http", "x", 9200))
    return ApiError(kind, meta, error(status, kind).body)


def twice() -> Exchange[list[Any]]:
    first = yield ASKED
    second = yield ASKED
    return [first, second]


def driven(exchange: Exchange[Any], answers: Iterator[Any]) -> tuple[Any, list[float]]:
    """Return the result of an exchange that gets these answers or errors, and the pauses that it made."""
    pauses: list[float] = []
    step = next(exchange)
    while True:
        try:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = next(exchange)
            elif isinstance(answer := next(answers), Exception):
                step = exchange.throw(answer)
            else:
                step = exchange.send(answer)
        except StopIteration as end:
            return end.value, pauses


def longest(_: float, high: float) -> float:
    return high


@pytest.mark.parametrize("trouble", [refusal(429), refusal(502), refusal(503), refusal(504)])
def test_what_may_pass_is_asked_again_in_growing_pauses(trouble: Exception) -> None:
    """Attack: a storm of refusals."""
    answers = [trouble, trouble, trouble, {"a": 1}, trouble, {"b": 2}]
    with within(60.0):
        result, pauses = driven(repeating(twice(), Allowance(), longest), iter(answers))
    assert result == [{"a": 1}, {"b": 2}]
    assert pauses == [0.05, 0.1, 0.2, 0.05]


def test_the_pause_is_the_one_that_the_server_asks_for_if_there_is_time() -> None:
    """Attack: a storm of refusals."""
    with within(60.0):
        answers = iter([refusal(429, **{"retry-after": "7"}), {}, {}])
        assert driven(repeating(twice(), Allowance()), answers)[1] == [7.0]
        with pytest.raises(ApiError):
            driven(repeating(twice(), Allowance()), iter([refusal(429, **{"retry-after": "61"})]))


def test_a_lost_connection_is_opened_again_twice() -> None:
    lost = ConnectionError("reset")
    with within(60.0):
        assert driven(repeating(twice(), Allowance()), iter([lost, lost, {"a": 1}, lost, {"b": 2}]))[0]
        with pytest.raises(ConnectionError):
            driven(repeating(twice(), Allowance()), iter([lost, lost, lost]))


def test_no_pause_is_longer_than_a_second() -> None:
    with within(1000.0):
        _, pauses = driven(repeating(twice(), Allowance(), longest), iter([*[refusal(503)] * 30, {}, {}]))
    assert max(pauses) == 1.0
    assert len(pauses) == 30


def test_a_search_without_time_is_not_asked_again() -> None:
    with within(0.12), pytest.raises(ApiError):
        driven(repeating(twice(), Allowance(), longest), iter([refusal(503)]))


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(400, "parsing_exception"),
        refusal(404, "index_not_found_exception"),
        refusal(403, "security_exception"),
        refusal(500, "search_phase_execution_exception"),
        refusal(429, "cluster_block_exception"),
        refusal(429, "circuit_breaking_exception"),
        ConnectionTimeout("slow"),
        TlsError("self-signed"),
        Unreachable("refused"),
        OutOfTime("over"),
    ],
)
def test_what_will_not_pass_is_not_asked_again(trouble: Exception) -> None:
    with within(60.0), pytest.raises(type(trouble)):
        driven(repeating(twice(), Allowance()), iter([trouble]))


def test_a_server_that_refuses_everything_is_asked_once_by_each_search_after_a_while() -> None:
    """Attack: a storm of refusals; one that does not end."""
    allowance = Allowance()
    refused = iter([refusal(503)] * 1000)
    with within(1e6):
        for _ in range(10):
            with pytest.raises(ApiError):
                driven(repeating(twice(), allowance), refused)
    assert 1000 - len(list(refused)) == MOST_REPEATS + 10


def test_a_server_that_refuses_fewer_than_half_never_uses_the_allowance_up() -> None:
    """Attack: a storm of refusals."""
    allowance = Allowance()
    with within(1e6):
        for _ in range(2000):
            driven(repeating(twice(), allowance), iter([refusal(503), {}, {}]))
    assert allowance.repeats > MOST_REPEATS - 2


@pytest.mark.parametrize("most", [0, 1, 3])
def test_each_request_is_repeated_as_often_as_is_configured(most: int) -> None:
    with within(60.0):
        often = [*[refusal(503)] * most, {"a": 1}] * 2
        result, pauses = driven(repeating(twice(), Allowance(), most=most), iter(often))
        assert (result, len(pauses)) == ([{"a": 1}, {"a": 1}], 2 * most)
        with pytest.raises(ApiError):
            driven(repeating(twice(), Allowance(), most=most), iter([refusal(503)] * (most + 1)))
