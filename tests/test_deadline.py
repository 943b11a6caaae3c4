"""One deadline inside another only ever shortens it, and threads and coroutines have their own."""

import asyncio
import threading
import time

import pytest

from hybridsearch.runtime.deadline import Allowance, allowed, aside, by_default, left, within

FOREVER = float("inf")


def test_without_a_deadline_there_is_time_for_ever() -> None:
    assert left() == FOREVER


def test_a_deadline_inside_another_only_shortens_it() -> None:
    with within(10.0):
        with within(1.0):
            assert 0.9 < left() <= 1.0
        with within(60.0):
            assert 9.0 < left() <= 10.0
    assert left() == FOREVER


def test_a_deadline_that_has_passed_leaves_nothing() -> None:
    with within(-1.0):
        assert left() < 0


def test_what_has_seconds_of_its_own_puts_the_deadline_off() -> None:
    with within(10.0):
        with aside(1.0):
            assert left() <= 1.0
            time.sleep(0.05)
        assert 9.99 < left() <= 10.0
    with aside(1.0):
        assert left() == FOREVER


def test_another_thread_has_a_deadline_of_its_own_and_one_started_for_a_coroutine_has_its() -> None:
    seen: list[float] = []
    with within(1.0):
        thread = threading.Thread(target=lambda: seen.append(left()))
        thread.start()
        thread.join()
        seen.append(asyncio.run(asyncio.to_thread(left)))
    assert seen[0] == FOREVER
    assert seen[1] <= 1.0


def test_coroutines_side_by_side_have_their_own() -> None:
    async def one(seconds: float) -> float:
        with within(seconds):
            await asyncio.sleep(0.01)
            return left()

    async def both() -> tuple[float, float]:
        return await asyncio.gather(one(5.0), one(1.0))

    longer, shorter = asyncio.run(both())
    assert longer > 4.0 > 1.0 > shorter


def test_a_default_gives_way_to_a_deadline_that_is_there_longer_or_shorter() -> None:
    for seconds in (1.0, 60.0):
        with within(seconds), by_default(10.0):
            assert left() == pytest.approx(seconds, abs=0.5)
    with by_default(10.0):
        assert left() == pytest.approx(10.0, abs=0.5)
    assert left() == FOREVER


def test_what_a_search_is_allowed_stays_the_same_while_its_time_passes() -> None:
    assert allowed(10.0) == 10.0
    with within(3.0), by_default(10.0), aside(1.0):
        assert allowed(10.0) == 3.0
        with within(2.0):
            assert allowed(10.0) == 2.0
    assert allowed(10.0) == 10.0


def test_an_allowance_counts_its_parts_and_not_what_happens_between_them() -> None:
    allowance = Allowance(0.5)
    with allowance.spent() as first:
        time.sleep(0.1)
    time.sleep(0.5)
    with allowance.spent() as second:
        time.sleep(0.6)
    with allowance.spent() as third:
        pass
    assert (first, third) == (0.5, 0.0)
    assert 0.2 < second <= 0.4
