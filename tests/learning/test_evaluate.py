"""What answers are worth, without an engine: figures worked by hand, and a verdict that says what they prove."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import ConfigError
from hybridsearch.learning import keyword_query
from hybridsearch.learning.evaluate import Evaluation, evaluate
from hybridsearch.learning.features import build
from hybridsearch.learning.folds import folds
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.runs import fuse, single
from hybridsearch.learning.significance import compare
from hybridsearch.search.planner import Query

GOOD, BAD = ["good", "bad"], ["bad", "other"]
"""Rankings of nDCG 1 and 0 for the grades below."""
GRADES = {"good": 1.0, "bad": 0.0}


def ask(text: str = "red coat", grades: Mapping[str, float] = GRADES, **judged: Any) -> PreparedQuery:
    return PreparedQuery(JudgedQuery(text, grades, **judged), Query(text), "words", {})


def measure(keyword: Sequence[Sequence[str]], current: Sequence[Sequence[str]], **others: Any) -> Evaluation:
    asked = [ask() for _ in keyword]
    return evaluate(asked, {"keyword": keyword, **others, "current": current}, skipped={})


def test_a_system_is_measured_as_by_hand() -> None:
    asked = [ask(grades={"a": 2, "b": 1}), ask(grades={"a": 1})]
    found = evaluate(asked, {"keyword": [["b", "a"], ["x", "a"]], "current": [["a", "b"], []]}, skipped={})
    first = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert found.systems["keyword"]["nDCG@10"] == pytest.approx((first + 1 / math.log2(3)) / 2)
    assert found.systems["current"]["nDCG@10"] == pytest.approx((1 + 0) / 2)
    assert found.systems["keyword"]["P@10"] == pytest.approx((2 / 10 + 1 / 10) / 2)
    assert found.systems["keyword"]["judged@10"] == pytest.approx((1 + 1 / 2) / 2)
    assert found.comparisons[0].difference == pytest.approx((1 - first - 1 / math.log2(3)) / 2)


def test_it_says_plainly_when_keywords_alone_are_better() -> None:
    found = measure([GOOD] * 30, [GOOD] * 10 + [BAD] * 20)
    assert found.verdict.startswith(
        "Keywords alone are better than the weights in use: nDCG@10 0.333 against 1.000, difference -0.667 ["
    )
    assert found.verdict.endswith("Learn better weights with: hybridsearch tune")


def test_it_says_plainly_when_the_weights_are_better() -> None:
    found = measure([GOOD] * 10 + [BAD] * 20, [GOOD] * 30)
    assert found.verdict.startswith("The weights in use are better than keywords alone: nDCG@10 1.000 against 0.333")
    assert "tune" not in found.verdict


@pytest.mark.parametrize("count", [1, 5])
def test_a_handful_of_queries_proves_nothing_however_clear_it_looks(count: int) -> None:
    found = measure([BAD] * count, [GOOD] * count)
    assert found.comparisons[0].low == 1
    assert found.verdict.startswith(f"Too few queries to tell the weights in use from keywords alone: {count}; ")


def test_many_queries_may_not_tell_either() -> None:
    found = measure([GOOD, BAD] * 20, [BAD, GOOD] * 20)
    assert found.verdict.startswith("These 40 queries cannot tell the weights in use from keywords alone")


def test_a_better_rival_is_named() -> None:
    found = measure([BAD] * 30, [BAD] * 30, rrf=[GOOD] * 30, vector=[BAD] * 30)
    assert found.verdict.endswith(
        " 'rrf' is better than the weights in use: 1.000. Learn better weights with: hybridsearch tune"
    )


def test_p_is_adjusted_for_the_number_of_comparisons() -> None:
    keyword, current = [GOOD, BAD] * 15, [GOOD] * 25 + [BAD] * 5
    alone = compare([1, 0] * 15, [1] * 25 + [0] * 5).p
    assert measure(keyword, current).comparisons[0].p == alone
    several = measure(keyword, current, vector=current, rrf=current)
    against = {(each.a, each.b): each.p for each in several.comparisons}
    assert len(against) == 5
    # Three comparisons are of these very lists, the other two are of a list with itself and have p 1.
    assert against["current", "keyword"] == pytest.approx(min(1, 5 * alone))
    assert against["current", "rrf"] == 1


def test_the_interval_of_equal_values_is_a_point() -> None:
    assert measure([GOOD] * 4, [BAD] * 4).intervals == {"keyword": (1.0, 1.0), "current": (0.0, 0.0)}


def test_parts_are_in_order_and_small_ones_left_out() -> None:
    def pool(count: int) -> dict[str, float]:
        return {"good": 1.0} | {str(number): 0.0 for number in range(count - 1)}

    asked = [
        *(ask("coat", pool(12), locale="en") for _ in range(5)),
        *(ask("red winter coat for men", pool(5), locale="de") for _ in range(6)),
        *(ask("two words", pool(2)) for _ in range(4)),
    ]
    lists = [GOOD] * 5 + [BAD] * 6 + [GOOD] * 4
    found = evaluate(asked, {"keyword": lists, "current": lists}, skipped={})
    parts = [(part.by, part.value, part.queries, part.systems["current"]) for part in found.breakdown]
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
    asked = [ask(grades={"good": 3.0, "bad": 3.0})]
    (note,) = evaluate(asked, {"keyword": [GOOD], "current": [GOOD]}, skipped={}).notes
    assert note.startswith("All grades are equal: nobody said what is irrelevant")


def test_unjudged_products_that_may_decide_are_pointed_out() -> None:
    found = measure([["good"]] * 30, [["new", "good"]] * 30)
    (note,) = found.notes
    assert note.startswith("Of the first 10 products 50% are judged for 'current', 100% for 'keyword'.")
    assert "to the disadvantage of 'current'" in note
    assert "condensed nDCG@10 is 1.000 against 1.000" in note


def test_programs_get_the_agreed_keys() -> None:
    asked = [ask()]
    found = evaluate(asked, {"keyword": [GOOD], "current": [BAD]}, skipped={"no relevant product": 2}, notes=["n"])
    data = json.loads(json.dumps(found.to_json()))
    assert {"queries", "skipped", "systems", "comparisons"} <= set(data)
    assert (data["queries"], data["skipped"], data["skipped_because"]) == (1, 2, {"no relevant product": 2})
    assert data["systems"]["keyword"]["nDCG@10"] == 1
    assert set(data["comparisons"][0]) == {"a", "b", "measure", "difference", "low", "high", "p"}
    assert "values" not in data


def test_rank_fusion_adds_reciprocal_ranks() -> None:
    # b: 1/62 + 1/61, a: 1/61, c and d: 1/62 and 1/63
    assert fuse(["a", "b"], ["b", "c", "d"]) == ["b", "a", "c", "d"]
    assert fuse(["x"], ["y"]) == ["x", "y"]
    assert fuse([], []) == []


def test_the_single_weight_is_chosen_on_other_queries() -> None:
    names = ("text", "words.title")
    values = {"text": [[1, 0], [0, 1]], "cosine": [[0, 1], [1, 0]]}  # what puts the first product first
    queries = [JudgedQuery(text, {"a": 1.0, "b": 0.0}) for text in ("red coat", "blue shoes", "green boots")]

    def rankings(*sorts: str) -> list[list[str]]:
        windows = [ResultList(("b", "a"), np.array(values[each][::-1], np.float32)) for each in sorts]
        return single(build(names, windows, queries, ["words"] * 3), windows)

    assert rankings("text", "text", "text") == [["a", "b"]] * 3
    # The odd one is ranked by what its neighbours prefer.
    assert rankings("text", "text", "cosine")[2] == ["b", "a"]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 6), st.integers(0, 3))
def test_folds_hold_each_query_once_and_keep_groups_together(groups: list[int], count: int, seed: int) -> None:
    parts = list(folds(groups, count, seed))
    assert len(parts) == min(count, len(set(groups)))
    assert sorted(place for _, test in parts for place in test.tolist()) == list(range(len(groups)))
    for train, test in parts:
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(groups)))
        assert not {groups[place] for place in train} & {groups[place] for place in test}


BODY = {"query": {"bool": {"must": [{"match": {"title": "{{query}}"}}], "boost": 2}}, "min_score": 0.5}


def test_words_take_the_place_of_the_placeholder() -> None:
    assert keyword_query.filled(BODY, "red coat") == {
        "query": {"bool": {"must": [{"match": {"title": "red coat"}}], "boost": 2}},
        "min_score": 0.5,
    }


@given(st.text())
def test_words_never_leave_the_text_that_they_stand_in(words: str) -> None:
    made = keyword_query.filled(BODY, words)
    assert made["query"]["bool"]["must"][0]["match"] == {"title": words}
    assert keyword_query.filled(made, "x")["query"]["bool"]["boost"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"query": {"match_all": {}}}', "has no {{query}} in it"),
        ('["{{query}}"]', "has no {{query}} in it"),
        ("query: {{query}}", "Cannot read the query"),
        (None, "Cannot read the query"),
    ],
)
def test_a_query_that_cannot_be_used_says_why(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "query.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as refused:
        keyword_query.load(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "Expected the JSON body of a search" in str(refused.value)
