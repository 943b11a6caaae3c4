"""Reviews as shops write them, and what is wrong with some."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.reviews.read import MOST, Flaw, Review, listed, read, written
from hybridsearch.sections import Reviews

USUAL = Reviews(field="reviews")


def found(value: Any, **names: Any) -> list[Review | Flaw]:
    return list(read(value, Reviews(field="reviews", **names)))


def test_texts_and_objects_are_reviews() -> None:
    value = ["Fine.", {"title": "Good", "text": "Fits <b>well</b>.", "rating": "4", "date": "1970-01-03"}]
    assert found(value) == [Review(1, "Fine."), Review(2, "Good\nFits well.", 4.0, 2)]


def test_parts_may_be_called_otherwise_and_ratings_have_any_scale() -> None:
    value = [{"body": "Fine.", "stars": 9, "when": "1970-01-02"}]
    assert found(value, text=["body"], rating="stars", best=10, date="when") == [Review(1, "Fine.", 4.5, 1)]


def test_lists_of_several_rows_of_a_product_are_one() -> None:
    assert found([["Fine.", {"rating": 4}], ["Good."]]) == [Review(1, "Fine."), Review(2, "", 4.0), Review(3, "Good.")]


def test_a_rating_alone_is_a_review() -> None:
    assert found([{"rating": 0}, {"rating": 5}]) == [Review(1, "", 1.0), Review(2, "", 5.0)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([17, "Fine."], [Flaw(1, "it is 17, expected a text or an object"), Review(2, "Fine.")]),
        ([{}], [Flaw(1, "it has none of: title, text, rating")]),
        ([""], [Flaw(1, "it has none of: title, text, rating")]),
        (
            [{"text": "Fine.", "rating": 9}],
            [Flaw(1, "'rating' is 9, expected a number from 0 to 5"), Review(1, "Fine.")],
        ),
        (
            [{"text": "Fine.", "rating": "lots"}],
            [Flaw(1, "'rating' is 'lots', expected a number from 0 to 5"), Review(1, "Fine.")],
        ),
        (
            [{"text": "Fine.", "date": "soon"}],
            [Flaw(1, "'date' is 'soon', expected a date as 2026-01-31"), Review(1, "Fine.")],
        ),
    ],
)
def test_what_is_wrong_with_a_review_costs_no_other(value: Any, expected: list[Review | Flaw]) -> None:
    assert found(value) == expected


@pytest.mark.parametrize("value", [None, "", [], ()])
def test_without_reviews_there_are_none(value: Any) -> None:
    assert found(value) == listed(value) == []


def test_of_very_many_reviews_the_newest_are_read_in_their_order_and_those_without_a_date_last() -> None:
    old = [{"text": "Old.", "date": "2019-05-01"}, "Undated.", {"text": "Broken date.", "date": "soon"}]
    new = [{"text": "New.", "date": f"2024-01-{day:02}"} for day in (9, 3)] * (MOST // 2)
    reviews = found([*new[:100], *old, *new[100:]])
    assert [each.number for each in reviews if isinstance(each, Review)] == [*range(1, 101), *range(104, MOST + 4)]
    assert reviews[-1] == Flaw(MOST + 1, f"there are {MOST + 3}, of which the newest {MOST} are read")
    fewer = [*new[2:], *old]
    assert [each.number for each in found(fewer) if isinstance(each, Review)] == [*range(1, MOST), MOST]


def test_the_author_is_known_but_for_words_that_mean_anybody() -> None:
    names = ["Ada L.", " ada l. ", 17, "Anonymous", "Amazon Customer", "匿名用户", "J***n", "A", None, ["Ada", "L."]]
    reviews = found([{"text": "Fine.", "author": name} for name in names])
    authors = [each.author for each in reviews if isinstance(each, Review)]
    assert authors == ["ada l.", "ada l.", "17", "", "", "", "", "", "", "ada l."]


def test_of_very_many_reviews_without_dates_the_first_are_read() -> None:
    reviews = found(["Fine."] * (MOST + 1))
    assert len(reviews) == MOST + 1
    assert reviews[-1] == Flaw(MOST + 1, f"there are {MOST + 1}, of which the first {MOST} are read")


def test_the_words_of_all_reviews_are_searched_together() -> None:
    assert written(["Fine.", 4, {"text": "Runs small."}], USUAL) == "Fine.\nRuns small."
