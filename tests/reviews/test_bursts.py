"""Reviews that look made up: copies, and many of one day that all give the best rating or all the worst."""

from __future__ import annotations

import pytest

from hybridsearch.reviews.bursts import Burst, bursts, weights
from hybridsearch.reviews.read import Review

COPIED = "This product is amazing and everyone should buy it today"


def on(day: int, *stars: float, first: int = 1) -> list[Review]:
    return [Review(number, f"review {number}", star, day) for number, star in enumerate(stars, first)]


def test_reviews_that_say_nearly_the_same_count_as_one() -> None:
    texts = [COPIED, f"{COPIED}!!", "Good lamp for the price I paid", COPIED.upper()]
    reviews = [Review(number, written) for number, written in enumerate(texts, 1)]
    found = bursts(reviews)
    assert found == [Burst((1, 2, 4), "3 reviews say nearly the same")]
    assert weights(reviews, found) == {1: 1 / 3, 2: 1 / 3, 3: 1.0, 4: 1 / 3}


@pytest.mark.parametrize("written", ["very good", "很好", ""])
def test_many_people_write_the_same_few_words(written: str) -> None:
    assert bursts([Review(number, written) for number in range(1, 9)]) == []


def test_copies_are_seen_in_chinese_too() -> None:
    assert len(bursts([Review(number, "这个产品非常好用，强烈推荐大家购买") for number in range(1, 4)])) == 1


def test_many_best_ratings_of_one_day_count_as_one() -> None:
    reviews = [*on(10, 5, 5, 5, 5, 5), *on(1, 3, 2, first=6), *on(2, 4, first=8)]
    assert bursts(reviews) == [Burst((1, 2, 3, 4, 5), "5 reviews of 1970-01-11 have 5 of 5 stars")]


def test_several_reviews_by_one_author_count_as_one() -> None:
    by = [Review(number, f"text number {number}", None, None, name) for number, name in enumerate("aabca", 1)]
    assert bursts(by) == [Burst((1, 2, 5), "3 reviews are by one author")]
    assert bursts([*by[:4], Review(5, "", None, None, "")]) == []
    unknown = [Review(number, f"text number {number}") for number in range(1, 9)]
    assert bursts(unknown) == []


def test_no_review_is_in_two_bursts() -> None:
    copied = [Review(number, COPIED, 5.0, 10, "ada") for number in range(1, 4)]
    more = [Review(number, f"text {number}", 5.0, 10, "ada") for number in range(4, 7)]
    assert bursts([*copied, *more]) == [
        Burst((1, 2, 3), "3 reviews say nearly the same"),
        Burst((4, 5, 6), "3 reviews are by one author"),
    ]


@pytest.mark.parametrize(
    "reviews",
    [
        on(10, 5, 5, 5, 5, 5),  # all of them: an import
        [*on(10, 5, 5, 5, 5), *on(1, 3, 2, 3, 4, first=5)],
        [*on(10, 5, 5, 5, 1, 1), *on(1, 3, 2, 4, first=6)],
        [*on(10, 4, 4, 4, 4, 4), *on(1, 3, 2, 4, first=6)],
        [*on(10, 5, 5, 5, 5, 5), *(review for day in range(20, 31) for review in on(day, 4, first=day))],
        [Review(number, "", 5.0) for number in range(1, 10)],
    ],
)
def test_what_may_be_by_chance_is_no_burst(reviews: list[Review]) -> None:
    assert bursts(reviews) == []
