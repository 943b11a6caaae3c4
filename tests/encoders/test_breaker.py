"""An encoder that fails is left out for a while, and tried again by one search at a time."""

from collections.abc import Callable

import pytest

from hybridsearch.encoders import breaker
from hybridsearch.encoders.breaker import FAILURES, Breaker
from hybridsearch.errors import EncoderError, EncoderUnavailable
from hybridsearch.runtime.deadline import within

AWAY = EncoderUnavailable("Encoder 'e' cannot be reached. Check that it runs.")


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only moves when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(breaker, "monotonic", lambda: now[0])

    def tick(seconds: float) -> None:
        now[0] += seconds

    return tick


def tried(guard: Breaker, outcome: Exception | None = None, during: Callable[[], object] = lambda: None) -> str:
    """Return how a search by this encoder ends."""
    with within(60.0):
        try:
            with guard.guarding("e"):
                during()
                if outcome:
                    raise outcome
        except EncoderError as error:
            return str(error)
    return ""


def test_some_quick_failures_in_a_row_leave_it_out_for_a_while(tick: Callable[[float], None]) -> None:
    """Attack: an encoder that hangs, with several legs."""
    guard = Breaker()
    for _ in range(FAILURES):
        assert tried(guard, AWAY) == str(AWAY)
    assert tried(guard) == f"Encoder 'e' is left out for 10 s, because it failed: {AWAY}"
    tick(10.0)
    assert tried(guard) == ""


def test_one_slow_failure_is_enough(tick: Callable[[float], None]) -> None:
    """Attack: an encoder that hangs, with several legs."""
    guard = Breaker()
    assert tried(guard, AWAY, lambda: tick(2.0)) == str(AWAY)
    assert tried(guard).startswith("Encoder 'e' is left out for ")


def test_a_success_or_a_refusal_ends_the_row(tick: Callable[[float], None]) -> None:
    guard = Breaker()
    for outcome in (None, EncoderError("too long")):
        for _ in range(FAILURES - 1):
            tried(guard, AWAY)
        tried(guard, outcome)
        tried(guard, AWAY)
        assert tried(guard) == ""


def test_after_the_while_one_search_tries_it_and_the_others_go_on_without(tick: Callable[[float], None]) -> None:
    guard, meanwhile = Breaker(), list[str]()
    tried(guard, AWAY, lambda: tick(2.0))
    tick(10.0)
    assert tried(guard, AWAY, lambda: meanwhile.append(tried(guard))) == str(AWAY)
    assert meanwhile[0].startswith("Encoder 'e' is left out for ")
    assert tried(guard).startswith("Encoder 'e' is left out for ")


def test_where_nobody_waits_it_is_never_left_out() -> None:
    guard = Breaker()
    for _ in range(FAILURES + 1):
        with pytest.raises(EncoderUnavailable, match="cannot be reached"), guard.guarding("e"):
            raise AWAY
