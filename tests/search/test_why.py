"""Why a product is where it is, or nowhere: the sentences that facts decide, without any engine."""

import pytest

from hybridsearch.search.plan import Plan
from hybridsearch.search.why import Why, placed
from hybridsearch.values import Hit, Page

ROW = {"id": "1"}


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Why("1"), "not in the index"),
        (Why("1", ROW, failed=("brand", "price")), "The filter on brand, price leaves it out"),
        (Why("1", ROW, hidden=True), "A rule of the shop hides it"),
        (Why("1", ROW, missing=("coat",)), "no vector of it is near enough. It lacks: coat."),
        (Why("1", ROW, found=True, window=400, total=1_200), "not in the first 400 of 1,200 places"),
        (Why("1", ROW, found=True, place=3, window=400, total=7), "at place 3 of 7."),
        (
            Why(
                "1",
                ROW,
                found=True,
                place=30,
                total=70,
                behind=(("title", 0.25), ("pairs", 0.125), ("x", 0.1), ("y", 0.1)),
            ),
            "at place 30 of 70. What is at place 10 has more of: title by 0.250, pairs by 0.125, x by 0.100.",
        ),
    ],
)
def test_a_sentence_says_where_it_is_or_what_keeps_it_out(why: Why, said: str) -> None:
    assert said in why.verdict


def test_behind_the_first_places_it_is_said_by_what_the_tenth_is_ahead() -> None:
    ahead = [Hit(str(number), 2.0, {"title": 1.5, "text": 0.5}, {}) for number in range(10)]
    own = Hit("own", 1.0, {"title": 0.25, "text": 0.75}, {})
    known = placed(Why("own", ROW), Plan("words", "red"), own, Page("red", (*ahead, own), 11))
    assert (known.place, known.total, known.behind) == (11, 11, (("title", 1.25),))
    assert placed(Why("0", ROW), Plan("words", "red"), ahead[0], Page("red", (*ahead, own), 11)).behind == ()
    assert known.to_json()["behind"] == {"title": 1.25}
