"""Measures, by hand and against trec_eval."""

import math

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.measures import (
    MEASURES,
    average_precision,
    condensed,
    judged,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)

POOL = [f"p{number}" for number in range(30)]
RANKINGS = st.lists(st.sampled_from(POOL), unique=True, min_size=1)
GRADES = st.dictionaries(st.sampled_from(POOL), st.integers(0, 4), min_size=1).filter(
    lambda grades: any(grades.values())
)


def test_ndcg_is_the_formula_worked_by_hand() -> None:
    value = ndcg(["a", "x", "b"], {"a": 1, "b": 3, "c": 2})
    gained = 1 / math.log2(2) + 7 / math.log2(4)
    ideal = 7 / math.log2(2) + 3 / math.log2(3) + 1 / math.log2(4)
    assert value == pytest.approx(gained / ideal)


def test_ideal_is_cut_at_k_as_well() -> None:
    assert ndcg(["a", "b"], {"a": 1, "b": 1, "c": 1}, k=2) == 1


def test_average_precision_counts_products_that_were_not_found() -> None:
    assert average_precision(["a", "x", "b"], {"a": 1, "b": 2, "c": 1, "x": 0}) == pytest.approx((1 / 1 + 2 / 3) / 3)


def test_judged_is_a_share_of_what_is_shown() -> None:
    assert judged(["a", "x", "b"], {"a": 0, "b": 1}, 2) == 1 / 2
    assert judged(["a"], {"a": 0}) == judged([], {"a": 0}) == 1


def test_unjudged_products_leave_the_condensed_ranking() -> None:
    assert condensed(["x", "a", "y", "b"], {"a": 0, "b": 1}) == ["a", "b"]
    assert MEASURES["condensed nDCG@10"](["x", "b"], {"a": 0, "b": 1}) == 1


def test_negative_grade_is_irrelevant() -> None:
    assert ndcg(["a", "b"], {"a": -2, "b": 1}) == ndcg(["a", "b"], {"a": 0, "b": 1})


@pytest.mark.parametrize("name", ["nDCG@10", "condensed nDCG@10", "MAP", "recall@10"])
def test_query_without_a_relevant_product_has_no_value(name: str) -> None:
    with pytest.raises(ValueError, match="no product is relevant"):
        MEASURES[name](["a"], {"a": 0})


@given(RANKINGS, GRADES)
def test_measures_agree_with_trec_eval(ids: list[str], grades: dict[str, int]) -> None:
    gains = {product: 2**grade - 1 for product, grade in grades.items()}  # its nDCG takes grades for gains
    run = {"q": {product: float(-rank) for rank, product in enumerate(ids)}}
    cut = {"q": dict(list(run["q"].items())[:10])}
    names = {"ndcg_cut", "map", "recall", "P", "recip_rank"}
    expected = pytrec_eval.RelevanceEvaluator({"q": gains}, names).evaluate(run)["q"]
    expected_in_10 = pytrec_eval.RelevanceEvaluator({"q": gains}, {"recip_rank"}).evaluate(cut)["q"]
    assert MEASURES["nDCG@10"](ids, grades) == pytest.approx(expected["ndcg_cut_10"])
    assert ndcg(ids, grades, 5) == pytest.approx(expected["ndcg_cut_5"])
    assert MEASURES["MAP"](ids, grades) == pytest.approx(expected["map"])
    assert MEASURES["MRR@10"](ids, grades) == pytest.approx(expected_in_10["recip_rank"])
    assert reciprocal_rank(ids, grades, len(ids)) == pytest.approx(expected["recip_rank"])
    assert MEASURES["recall@10"](ids, grades) == pytest.approx(expected["recall_10"])
    assert MEASURES["recall@100"](ids, grades) == recall(ids, grades, 100) == pytest.approx(expected["recall_100"])
    assert MEASURES["P@10"](ids, grades) == precision(ids, grades, 10) == pytest.approx(expected["P_10"])


@given(RANKINGS, GRADES)
def test_every_measure_lies_between_0_and_1(ids: list[str], grades: dict[str, int]) -> None:
    assert all(0 <= measure(ids, grades) <= 1 + 1e-12 for measure in MEASURES.values())


@given(GRADES)
def test_best_order_of_the_judged_products_has_the_value_1(grades: dict[str, int]) -> None:
    best = sorted(grades, key=lambda product: -grades[product])
    assert MEASURES["nDCG@10"](best, grades) == MEASURES["MAP"](best, grades) == pytest.approx(1)
