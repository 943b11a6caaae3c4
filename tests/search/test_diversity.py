"""Diverse orders: worked by hand, and by rules that hold for all hits."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.diversity import REACH, Diverse, diversified
from hybridsearch.values import Hit, Vector

BY_LEG, BY_TITLE = Diverse(("image",), "title"), Diverse((), "title")


def hit(name: str, score: float, title: str = "", **signals: float) -> Hit:
    return Hit(name, score, signals, {"title": title})


def order(hits: list[Hit], diverse: Diverse, vectors: dict[str, list[float]] | None = None) -> str:
    own = [{"image": Vector(vectors[each.id])} if vectors and each.id in vectors else {} for each in hits]
    return "".join(each.id for each in diversified(hits, own, diverse))


def test_a_product_that_repeats_the_one_before_it_gives_way() -> None:
    """Scores of 1, .95 and .8; b has the vector of a, c is at right angles to both, which is the least in common.

    After a: b gives .8 x .95 - .2 x 1 = .56, c .8 x .8 - 0 = .64.
    """
    hits = [hit("a", 1.0), hit("b", 0.95), hit("c", 0.8)]
    assert order(hits, BY_LEG, {"a": [1, 0], "b": [1, 0], "c": [0, 1]}) == "acb"


def test_a_small_likeness_does_not_outweigh_a_much_better_score() -> None:
    """After a: b .8 x .95 - .2 = .56, c .8 x .6 = .48."""
    hits = [hit("a", 1.0), hit("b", 0.95), hit("c", 0.6)]
    assert order(hits, BY_LEG, {"a": [1, 0], "b": [1, 0], "c": [0, 1]}) == "abc"


def test_words_of_the_title_tell_where_there_is_no_vector_leg() -> None:
    """Red lamp and red lamp have all words in common, blue vase none."""
    hits = [hit("a", 1.0, "Red lamp"), hit("b", 0.95, "red  lamp!"), hit("c", 0.8, "Blue vase")]
    assert order(hits, BY_TITLE) == "acb"
    assert order(hits, Diverse(())) == "abc"


def test_what_was_pinned_or_typed_as_a_code_stays_first() -> None:
    pinned = {"rule summer: pin p": 999.0}
    hits = [
        Hit("p", 1000.0, pinned, {"title": "Red lamp"}),
        Hit("q", 3.0, {"code": 2.0}, {"title": "Red lamp"}),
        hit("a", 1.0, "Red lamp"),
        hit("b", 0.9, "Blue vase"),
    ]
    assert order(hits, replace(BY_TITLE, pinned=frozenset("p"))) == "pqba"


def test_a_product_without_a_vector_is_like_no_other() -> None:
    hits = [hit("a", 1.0), hit("b", 0.95), hit("c", 0.9)]
    assert order(hits, BY_LEG, {"a": [1, 0], "b": [1, 0]}) == "acb"


@given(
    st.lists(st.tuples(st.floats(0, 2, width=32), st.sampled_from(["red", "red lamp", "", "blue 灯"])), max_size=70),
    st.booleans(),
)
def test_every_hit_stays_and_the_best_leads(rows: list[tuple[float, str]], by_leg: bool) -> None:
    scores = sorted((score for score, _ in rows), reverse=True)
    hits = [hit(f"{n} ", score, title) for n, (score, (_, title)) in enumerate(zip(scores, rows, strict=True))]
    vectors = {each.id: [1.0, 0.0] if "red" in str(each.product["title"]) else [0.0, 1.0] for each in hits[::2]}
    found = order(hits, BY_LEG if by_leg else BY_TITLE, vectors).split()
    assert sorted(found, key=int) == [each.id.strip() for each in hits]
    assert found[:1] == [each.id.strip() for each in hits[:1]]
    assert found[REACH:] == [each.id.strip() for each in hits[REACH:]]
