"""Judged queries: what makes two of them the same, and what makes them too similar for two sides of a split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.sources.queries import JudgedQuery, groups
from hybridsearch.texts.text import spelled


@given(st.text())
def test_spelling_is_settled_at_once(query: str) -> None:
    assert spelled(spelled(query)) == spelled(query)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (JudgedQuery("red dress"), JudgedQuery("Dresses, RED!"), True),
        (JudgedQuery("the hats"), JudgedQuery("hat"), True),
        (JudgedQuery("red dress"), JudgedQuery("red shoe"), False),
        (JudgedQuery("rote Kleider", locale="de_AT"), JudgedQuery("rotes Kleid", locale="de"), True),
        (JudgedQuery("", image="p.jpg"), JudgedQuery("but blue", image="p.jpg"), True),
        (JudgedQuery("", image="p.jpg"), JudgedQuery("", image="q.jpg"), False),
        (JudgedQuery("hat"), JudgedQuery("hat", filters={"brand": "Acme"}), True),
        (JudgedQuery("!!"), JudgedQuery("??"), False),
    ],
)
def test_near_duplicates_are_of_one_group(first: JudgedQuery, second: JudgedQuery, together: bool) -> None:
    assert groups([first, second]) == ([0, 0] if together else [0, 1])


def test_group_joins_queries_that_share_words_with_those_that_share_the_photo() -> None:
    chain = [JudgedQuery("hats"), JudgedQuery("", image="p"), JudgedQuery("shoe"), JudgedQuery("hat", image="p")]
    assert groups(chain) == [0, 0, 1, 0]
