"""Pools: the union of what systems find first, in an order that tells nothing of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.learning.judging import pool
from hybridsearch.query_sources import WORDS
from tests.killable import LEG, Cheap, Hashed
from tests.shops import settings

pytestmark = pytest.mark.beside_one_server

IDS = st.lists(st.text(max_size=5), max_size=15, unique=True)


def test_the_first_hits_of_all_systems_come_before_the_second_ones_and_judged_products_last() -> None:
    assert pool.united([["a", "b", "c"], ["d", "a"], []], ["x", "b"]) == ("a", "d", "b", "c", "x")
    deep = [f"p{number}" for number in range(30)]
    assert pool.united([deep]) == tuple(deep[: pool.TOP])
    assert len(pool.united([], (str(number) for number in range(500)))) == pool.MOST


@given(st.lists(IDS, max_size=4), IDS)
def test_every_first_hit_is_in_the_pool_once(rankings: list[list[str]], judged: list[str]) -> None:
    found = pool.united(rankings, judged)
    assert len(found) == len(set(found))
    assert set(found) == {key for ranking in rankings for key in ranking[: pool.TOP]} | set(judged)


@given(IDS, st.text(max_size=5), st.randoms())
def test_the_blind_order_is_the_same_whatever_the_order_of_the_systems(ids: list[str], rater: str, any_: Any) -> None:
    shuffled = any_.sample(ids, len(ids))
    assert pool.blind(shuffled, "q", rater) == pool.blind(ids, "q", rater)
    assert sorted(pool.blind(ids, "q", rater)) == sorted(ids)


def test_raters_and_queries_have_orders_of_their_own_and_the_best_hit_stands_anywhere() -> None:
    ids = [f"p{number}" for number in range(10)]
    orders = {pool.blind(ids, query, rater) for query in ("q1", "q2") for rater in ("Ann", "Bea")}
    assert len(orders) == 4
    places = [pool.blind(ids, f"q{number}", "Ann").index("p0") for number in range(200)]
    assert set(places) == set(range(10))
    assert 3.5 < sum(places) / len(places) < 5.5  # 4.5 by chance


def test_the_systems_are_the_weights_in_use_keywords_alone_and_each_leg_alone(tmp_path: Any, engine: Any) -> None:
    opened = HybridSearch.open(settings(tmp_path, engine=engine, vectors=[LEG]))
    opened.encoders = Cheap(words=Hashed())  # type: ignore[assignment]
    with opened:
        opened.reindex()
        systems = list(pool.systems(["words"]))
        plans = [pool.first_hits(opened.plan("coat", weights=each.weights), each) for each in systems]
        found = [[hit.id for hit in opened.engine.search(plan)] for plan in plans]
    hybrid, keyword, leg = plans
    assert hybrid.keyword is not None
    assert [signal.name for signal in keyword.signals] == ["text"]
    assert keyword.neighbours == ()
    assert [neighbours.leg for neighbours in leg.neighbours] == ["words"]
    assert (leg.keyword, [signal.name for signal in leg.signals]) == (None, [f"{WORDS.name}.words"])
    assert (sorted(found[1]), len(found[2])) == (["2", "3"], 5)  # every product has a cosine, near or not
