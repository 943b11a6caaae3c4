"""What buyers say, as it is stored with a product."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.reviews.summary import LONGEST_QUOTE, summary
from hybridsearch.sections import Reviews

LAYOUT = Reviews(field="reviews")


def said(*reviews: Any) -> dict[str, Any]:
    return summary(list(reviews), LAYOUT, ("en",))


def test_aspects_have_counts_and_quotations_of_both_sides() -> None:
    assert said("Runs small. Great quality!", "It runs small.", "The fit is perfect.")["aspects"] == {
        "size": {
            "positive": 1,
            "negative": 2,
            "quotes": [
                {"text": "Runs small.", "review": 1, "positive": False},
                {"text": "The fit is perfect.", "review": 3, "positive": True},
            ],
        },
        "quality": {
            "positive": 1,
            "negative": 0,
            "quotes": [{"text": "Great quality!", "review": 1, "positive": True}],
        },
    }


def test_a_review_counts_once_for_an_aspect_however_often_it_says_so() -> None:
    assert said("Runs small. It really runs small. Runs small!")["aspects"]["size"]["negative"] == 1


def test_products_are_filtered_by_what_at_least_two_thirds_of_some_buyers_say() -> None:
    three = said("Runs small.", "Runs small!", "It fits well.", "The quality is great.")
    assert (three["praised"], three["criticised"]) == ([], ["size"])
    assert said("Runs small.", "Runs small!", "It fits well.", "It fits perfectly.")["criticised"] == []


def test_the_score_is_the_mean_of_the_stars() -> None:
    found = said({"rating": 5}, {"rating": 2}, {"rating": 2, "text": "Great!"})
    assert (found["score"], found["count"], found["reviews"]) == (3.0, 3.0, 3)


def test_without_stars_the_tone_stands_for_them() -> None:
    praise, complaint, neither = (said(each)["score"] for each in ("It is great.", "It is awful.", "It has legs."))
    assert complaint < neither == 3.0 < praise <= 5


def test_a_burst_counts_as_one_review_and_is_named() -> None:
    copied = {"text": "This product is amazing and everyone should buy it today", "rating": 5}
    found = said(*[copied] * 4, {"text": "Broke after a week", "rating": 1})
    assert (found["score"], found["count"], found["reviews"]) == (3.0, 2.0, 5)
    assert found["odd"] == [{"reason": "4 reviews say nearly the same", "reviews": [1, 2, 3, 4]}]


def test_what_cannot_be_used_is_counted_with_the_first_reason() -> None:
    found = said(17, {"rating": 40}, "Fine.")
    assert (found["unused"], found["because"]) == (3, "review 1: it is 17, expected a text or an object")


def test_a_language_that_is_none_of_the_six_has_no_tone_but_its_stars() -> None:
    assert said({"text": "Обувь мала", "rating": 2}) == {
        "reviews": 1,
        "score": 2.0,
        "count": 1.0,
        "aspects": {},
        "praised": [],
        "criticised": [],
    }
    assert "score" not in said("Обувь мала")


def test_nobody_judges_where_there_are_no_reviews() -> None:
    assert said() == {"reviews": 0, "aspects": {}, "praised": [], "criticised": []}


PARTS = st.sampled_from(["Runs small.", "Great sound!", "It broke.", "x" * 300, "音がこもっている。", "太小了", ""])
REVIEWS = st.lists(st.lists(PARTS, max_size=4).map(" ".join) | st.none() | st.integers(), max_size=12)


@given(REVIEWS)
def test_quotations_are_extracts_and_counts_agree(reviews: list[Any]) -> None:
    found = said(*reviews)
    for counts in found["aspects"].values():
        assert 1 <= counts["positive"] + counts["negative"] <= found["reviews"]
        assert len(counts["quotes"]) <= 2
        for quote in counts["quotes"]:
            assert quote["text"] in reviews[quote["review"] - 1]
            assert len(quote["text"]) <= LONGEST_QUOTE
    assert 1 <= found.get("score", 3) <= 5
