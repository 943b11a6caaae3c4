"""Evaluation without an engine: figures worked by hand, and a verdict that says what they prove."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from hybridsearch.learning.evaluate import Evaluation, evaluate
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.planner import Query

GOOD, BAD = ["good", "bad"], ["bad", "other"]
"""Rankings of nDCG 1 and 0 for the grades below."""
GRADES = {"good": 1.0, "bad": 0.0}


def ask(text: str = "red coat", grades: Mapping[str, float] = GRADES, **judged: Any) -> PreparedQuery:
    return PreparedQuery(JudgedQuery(text, grades, **judged), Query(text), "words", {})


def measure(keyword: Sequence[Sequence[str]], current: Sequence[Sequence[str]], **others: Any) -> Evaluation:
    queries = [ask() for _ in keyword]
    return evaluate(queries, {"keyword": keyword, **others, "current": current}, skipped={})


def test_a_system_is_measured_as_by_hand() -> None:
    queries = [ask(grades={"a": 2, "b": 1}), ask(grades={"a": 1})]
    evaluation = evaluate(queries, {"keyword": [["b", "a"], ["x", "a"]], "current": [["a", "b"], []]}, skipped={})
    first = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert evaluation.systems["keyword"]["nDCG@10"] == pytest.approx((first + 1 / math.log2(3)) / 2)
    assert evaluation.systems["current"]["nDCG@10"] == pytest.approx((1 + 0) / 2)
    assert evaluation.systems["keyword"]["P@10"] == pytest.approx((2 / 10 + 1 / 10) / 2)
    assert evaluation.systems["keyword"]["judged@10"] == pytest.approx((1 + 1 / 2) / 2)
    assert evaluation.comparisons["current", "keyword"].difference == pytest.approx((1 - first - 1 / math.log2(3)) / 2)


def test_it_says_plainly_when_keywords_alone_are_better() -> None:
    evaluation = measure([GOOD] * 30, [GOOD] * 10 + [BAD] * 20)
    assert evaluation.verdict.startswith(
        "Keywords alone are better than the weights in use: nDCG@10 0.333 against 1.000, difference -0.667 ["
    )
    assert evaluation.verdict.endswith("Learn better weights with: hybridsearch tune")


def test_it_says_plainly_when_the_weights_are_better() -> None:
    evaluation = measure([GOOD] * 10 + [BAD] * 20, [GOOD] * 30)
    assert evaluation.verdict.startswith(
        "The weights in use are better than keywords alone: nDCG@10 1.000 against 0.333"
    )
    assert "tune" not in evaluation.verdict


@pytest.mark.parametrize("count", [1, 5])
def test_a_handful_of_queries_proves_nothing_however_clear_it_looks(count: int) -> None:
    evaluation = measure([BAD] * count, [GOOD] * count)
    assert evaluation.comparisons["current", "keyword"].low == 1
    assert evaluation.verdict.startswith(f"Too few queries to tell the weights in use from keywords alone: {count}; ")


def test_many_queries_may_not_tell_either() -> None:
    evaluation = measure([GOOD, BAD] * 20, [BAD, GOOD] * 20)
    assert evaluation.verdict.startswith("These 40 queries cannot tell the weights in use from keywords alone")


def test_a_better_rival_is_named() -> None:
    evaluation = measure([BAD] * 30, [BAD] * 30, rrf=[GOOD] * 30, vector=[BAD] * 30)
    assert evaluation.verdict.endswith(
        " 'rrf' is better than the weights in use: 1.000. Learn better weights with: hybridsearch tune"
    )


def test_p_is_adjusted_for_the_number_of_comparisons() -> None:
    keyword, current = [GOOD, BAD] * 15, [GOOD] * 25 + [BAD] * 5
    alone = compare([1, 0] * 15, [1] * 25 + [0] * 5).p
    assert measure(keyword, current).comparisons["current", "keyword"].p == alone
    several = measure(keyword, current, vector=current, rrf=current).comparisons
    assert len(several) == 5
    # Three comparisons are of these very lists, the other two are of a list with itself and have p 1.
    assert several["current", "keyword"].p == pytest.approx(min(1, 5 * alone))
    assert several["current", "rrf"].p == 1


def test_the_interval_of_equal_values_is_a_point() -> None:
    assert measure([GOOD] * 4, [BAD] * 4).intervals == {"keyword": (1.0, 1.0), "current": (0.0, 0.0)}


def test_parts_are_in_order_and_small_ones_left_out() -> None:
    def pool(count: int) -> dict[str, float]:
        return {"good": 1.0} | {str(number): 0.0 for number in range(count - 1)}

    queries = [
        *(ask("coat", pool(12), locale="en") for _ in range(5)),
        *(ask("red winter coat for men", pool(5), locale="de") for _ in range(6)),
        *(ask("two words", pool(2)) for _ in range(4)),
    ]
    lists = [GOOD] * 5 + [BAD] * 6 + [GOOD] * 4
    evaluation = evaluate(queries, {"keyword": lists, "current": lists}, skipped={})
    parts = [(part.by, part.value, part.queries, part.systems["current"]) for part in evaluation.breakdown]
    assert parts == [
        ("kind", "words", 15, pytest.approx(9 / 15)),
        ("language", "de", 6, 0),
        ("language", "en", 5, 1),
        ("length", "1 word", 5, 1),
        ("length", "4 words or more", 6, 0),
        ("judged products", "5 to 9", 6, 0),
        ("judged products", "10 to 19", 5, 1),
    ]


def test_equal_grades_are_pointed_out() -> None:
    queries = [ask(grades={"good": 3.0, "bad": 3.0})]
    (note,) = evaluate(queries, {"keyword": [GOOD], "current": [GOOD]}, skipped={}).notes
    assert note.startswith("All grades are equal: nobody said what is irrelevant")


def test_unjudged_products_that_may_decide_are_pointed_out() -> None:
    evaluation = measure([["good"]] * 30, [["new", "good"]] * 30)
    (note,) = evaluation.notes
    assert note.startswith("Of the first 10 products 50% are judged for 'current', 100% for 'keyword'.")
    assert "to the disadvantage of 'current'" in note
    assert "condensed nDCG@10 is 1.000 against 1.000" in note


def test_programs_get_the_agreed_keys() -> None:
    queries = [ask()]
    evaluation = evaluate(
        queries, {"keyword": [GOOD], "current": [BAD]}, skipped={"no relevant product": 2}, notes=["n"]
    )
    data = json.loads(json.dumps(evaluation.to_json()))
    assert {"queries", "skipped", "systems", "comparisons"} <= set(data)
    assert (data["queries"], data["skipped"], data["skipped_because"]) == (1, 2, {"no relevant product": 2})
    assert data["systems"]["keyword"]["nDCG@10"] == 1
    assert set(data["comparisons"][0]) == {"a", "b", "measure", "difference", "low", "high", "p"}
    assert [data["comparisons"][0][key] for key in ("a", "b", "measure")] == ["current", "keyword", "nDCG@10"]
    assert "values" not in data
