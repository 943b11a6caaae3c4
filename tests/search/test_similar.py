"""What is similar to a product: the plan, worked out by hand, and what is `shared`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.fields import Format
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search.alike.similar import MOST_WORDS, plan_similar, telling
from hybridsearch.search.clauses import Cosine, Match, Neighbours, Passing, Words
from hybridsearch.search.filters.conditions import Ids, Not, Terms
from hybridsearch.search.plan import UNRULED, Plan
from hybridsearch.search.planner import Query
from hybridsearch.search.ruled import Pin, Ruled
from hybridsearch.search.shared import leaves, telling_most
from hybridsearch.search.weights import Weights, prior
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.telling import idf
from hybridsearch.values import Indexed, Vector

FIELDS = Fields(title="title", text=("note",), facets=("brand", "category"), languages=("en",))
SCHEMA = Schema(FIELDS, (Leg("image", 2, "f", calibrations={"product": Calibration(0.5, 1.0)}),))
LEXICON = Lexicon({"red": 40, "wool": 10, "coat": 20, "acme": 5, "warm": 60, "lined": 2, "unique": 1}, 100)
EAST = Vector([1, 0])
COAT = Indexed("17", {"title": "Red wool coat", "note": "lined, warm and unique", "brand": "Acme"}, {"image": EAST})


def plan(product: Indexed = COAT, *, schema: Schema = SCHEMA, lexicon: Lexicon | None = LEXICON, **asked: Any) -> Plan:
    return plan_similar(product, Query(**asked), schema, prior(), lexicon=lexicon)


def words(product: Indexed, **more: Any) -> Words:
    """Return the only words that a plan looks for."""
    keyword = plan(product, **more).keyword
    assert isinstance(keyword, Match)
    (found,) = keyword.words
    return found


def test_neighbours_and_telling_words_are_found_and_the_product_itself_is_not() -> None:
    found = plan()
    assert (found.kind, found.reason, found.query) == ("product", "similar to '17'", "")
    # The prior's floor is .2 of the way from .5 to 1. It itself is one of the 101.
    assert found.neighbours == (Neighbours("image", EAST, 101, 200, 0.6, later=(Not(Ids(("17",))),)),)
    assert found.filters == (Not(Ids(("17",))),)
    assert [signal.name for signal in found.signals] == ["title", "text", "pairs", "product.image", "same.brand"]
    assert found.signals[3] == Cosine("product.image", 0.3, "image", EAST, 0.5, 1.0)
    assert found.proofs == ()


def test_words_of_the_title_come_first_and_then_the_rarest_that_others_have() -> None:
    """`unique` has no other product, and `warm` most."""
    found = words(COAT)
    assert found.tokens == (("red",), ("wool",), ("coat",), ("line",), ("acm",))
    idfs = [idf(count, 100) for count in (40, 10, 20, 2, 5)]
    assert found.tells == tuple(round(1_000 * part / sum(idfs)) for part in idfs)
    assert found.needed == 250


def test_whatever_shares_the_most_telling_word_is_found() -> None:
    """What is needed never exceeds it: of six words that tell the same, one is enough."""
    six = Lexicon(dict.fromkeys(("one", "two", "three", "four", "five", "six"), 2), 100)
    found = words(Indexed("1", {"title": "one two three four five six"}), lexicon=six)
    assert (found.tells, found.needed) == ((167,) * 6, 167)


def test_without_the_words_of_the_index_the_first_ones_count_alike() -> None:
    found = words(COAT, lexicon=None)
    assert (found.tokens[:3], set(found.tells), found.needed) == ((("red",), ("wool",), ("coat",)), {1}, 1)


def test_of_a_long_text_no_more_words_are_looked_for_than_tell() -> None:
    numbered = {f"w{number}": number + 2 for number in range(80)}
    long = Indexed("1", {"title": "w79", "note": " ".join(numbered)})
    found = words(long, lexicon=Lexicon(numbered, 200))
    assert len(found.tokens) == MOST_WORDS
    assert found.tokens[:3] == (("w79",), ("w0",), ("w1",))


def test_a_product_without_a_vector_is_found_by_words_and_one_without_words_by_its_vector() -> None:
    wordless = plan(Indexed("1", {"sku": "4711"}, {"image": EAST}))
    assert (wordless.keyword, [signal.name for signal in wordless.signals]) == (None, ["product.image"])
    unseen = plan(Indexed("1", {"title": "Red coat"}))
    assert (unseen.neighbours, [signal.name for signal in unseen.signals]) == ((), ["title", "text", "pairs"])


def test_one_with_neither_finds_nothing_and_says_why() -> None:
    found = plan(Indexed("1", {"title": "unique"}))
    assert (found.keyword, found.neighbours, found.signals) == (None, (), ())
    assert found.notes == ("product '1' has neither a vector nor words that other products have",)


def test_chinese_and_japanese_are_looked_for_by_their_words() -> None:
    schema = Schema(Fields(title="title", languages=("en", "zh")))
    lexicon = Lexicon({"nike": 3, "跑步": 4, "步鞋": 3, "鞋": 9, "跑": 4, "步": 4, "跑步鞋": 2}, 20)
    found = plan(Indexed("1", {"title": "Nike 跑步鞋"}), schema=schema, lexicon=lexicon).keyword
    assert found is not None
    english, chinese = found.words
    assert (english.language, english.tokens) == ("en", (("nike",),))
    assert chinese.language == "zh"
    assert {("nike",), ("跑步",)} <= set(chinese.tokens)


def test_filters_and_facets_are_those_of_a_search() -> None:
    found = plan(filters={"brand": "Acme"}, facets=["brand"], page=3, size=5)
    assert found.filters == (Terms("brand", ("Acme",)), Not(Ids(("17",))))
    assert found.own(found.facets[0]) == (Terms("brand", ("Acme",)),)
    assert (found.offset, found.size) == (10, 5)
    with pytest.raises(QueryError, match="Unknown filter field 'colour'"):
        plan(filters={"colour": "red"})


def test_a_value_of_a_facet_tells_by_the_rarest_of_its_words() -> None:
    assert telling_most(["Red wool"], ["en"], LEXICON) == pytest.approx(1.0)  # idf(10, 100) = 2.26, of 2
    assert telling_most(["Red"], ["en"], LEXICON) == pytest.approx(idf(40, 100) / 2)
    assert telling_most(["Red", "Acme"], ["en"], LEXICON) == 1.0
    assert telling_most(["Casual"], ["en"], None) == 1.0


def test_of_a_path_the_deepest_node_is_shared() -> None:
    fields = Fields(title="title", facets=("category",), formats={"category": Format(levels=">")})
    shelf = Indexed("1", {"category": "Home > Kitchen > Pans"})
    found = plan(shelf, schema=Schema(fields), lexicon=None)
    assert [signal for signal in found.signals if isinstance(signal, Passing)] == [
        Passing("same.category", 0.15, (Terms("category", ("Home > Kitchen > Pans",)),))
    ]
    assert leaves(["A", "A > B", "A > B > C", "D"], " > ") == ("A > B > C", "D")
    assert leaves(["A", "AB"], "") == ("A", "AB")


def test_of_rules_only_what_products_must_be_counts() -> None:
    """A list beside a product is no page of a query: nothing is pinned to it, and what is hidden stays so."""
    hidden = Not(Ids(("5",)))
    everything = Ruled(names=("r",), pins=(Pin("3", "r"),), filters=(hidden,), redirect="/sale", banners=({"a": 1},))
    found = plan_similar(COAT, Query(), SCHEMA, prior(), lexicon=LEXICON, ruled=everything)
    assert found.ruled == Ruled(names=("r",), filters=(hidden,))
    pinning = Ruled(names=("r",), pins=(Pin("3", "r"),))
    assert plan_similar(COAT, Query(), SCHEMA, prior(), lexicon=LEXICON, ruled=pinning).ruled == UNRULED


def test_weights_that_say_nothing_of_products_have_those_of_the_prior() -> None:
    learned = Weights(signals={"title": 2.0, "number.price": 0.5}, kinds={"words": {"title": 3.0}})
    assert learned.of("product").signals == {"number.price": 0.5, **prior().kinds["product"]}
    own = Weights(signals={"title": 2.0}, kinds={"product": {"product.image": 1.0}})
    assert own.of("product").signals == {"title": 2.0, "product.image": 1.0}


@given(
    st.lists(st.sampled_from(sorted(LEXICON.counts)), max_size=30),
    st.lists(st.sampled_from([*sorted(LEXICON.counts), "nowhere"]), max_size=40),
)
def test_no_word_is_looked_for_twice_nor_one_that_finds_nothing(title: list[str], everything: list[str]) -> None:
    chosen = [word.typed for word in telling(list(dict.fromkeys(title)), list(dict.fromkeys(everything)), LEXICON)]
    assert len(chosen) == len(set(chosen)) <= MOST_WORDS
    assert not {"unique", "nowhere"} & set(chosen)
    assert set(title) - {"unique"} <= set(chosen)
