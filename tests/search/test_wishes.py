"""Wishes: which words beside a photo name a value, and what they change in a plan, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.alike.wishes import ALIKE, Look, granted, look, phrases, written
from hybridsearch.search.clauses import Condition, Match, Neighbours, Passing
from hybridsearch.search.filters.conditions import OneVariant, Terms
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import NEIGHBOURS, Query
from hybridsearch.search.planner import plan as planned
from hybridsearch.search.weights import prior
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Hit, Page, Vector

EAST, NORTH = Vector([1, 0]), Vector([0, 1])
FIELDS = Fields(title="title", facets=("kind", "color"), languages=("en",))
LEGS = (Leg("image", 2, "f"),)
SCHEMA = Schema(FIELDS, LEGS)


def plan(text: str, schema: Schema = SCHEMA, **asked: Any) -> Plan:
    """Return the plan of a photo and words."""
    vectors = {"photo": {"image": EAST}, "words": {"image": NORTH}}
    return planned(Query(text, given=("photo",), **asked), schema, prior(), vectors=vectors)


def looked(text: str, schema: Schema = SCHEMA, **asked: Any) -> Look:
    found = look(plan(text, schema, **asked), schema)
    assert found is not None
    return found


def answer(found: Look, there: set[tuple[str, str]], *rows: dict[str, Any]) -> Page:
    """Return what an index answers that has values, as (words, field), and products that look like the photo."""
    counted = tuple(7 if (each.words, each.field) in there else 0 for each in found.named)
    hits = tuple(Hit(str(number), 1.0, {}, row) for number, row in enumerate(rows))
    return Page("", hits, len(hits), counted=counted)


def wished(text: str, there: set[tuple[str, str]], *rows: dict[str, Any], schema: Schema = SCHEMA) -> Plan:
    found = looked(text, schema)
    return granted(plan(text, schema), found, answer(found, there, *rows), schema, prior())


def test_one_small_search_asks_what_the_photo_shows_and_which_values_the_words_name() -> None:
    found = looked("black shirt")
    assert found.plan.neighbours == (Neighbours("image", EAST, ALIKE, 200, -1.0),)
    assert [signal.name for signal in found.plan.signals] == ["photo.image"]
    assert (found.plan.size, found.plan.filters, found.plan.keyword) == (ALIKE, (), None)
    named = [(each.words, each.field) for each in found.named]
    assert named[:2] == [("black shirt", "kind"), ("black shirt", "color")]
    assert named[-1] == ("black", "title")
    assert len(named) == len(found.plan.counted) == 7


@pytest.mark.parametrize(
    "asked",
    [{"text": "", "given": ("photo",)}, {"text": "black"}, {"text": "black", "given": ("photo",), "sort": "color"}],
)
def test_a_photo_alone_words_alone_and_an_order_by_fields_ask_nothing(asked: dict[str, Any]) -> None:
    query = Query(**{"text": "", **asked})
    vectors = {name: {"image": EAST} for name in [*query.given, *["words"] * bool(query.text)]}
    assert look(planned(query, SCHEMA, prior(), vectors=vectors), SCHEMA) is None


def test_words_that_name_no_value_change_nothing() -> None:
    assert wished("nice thing", set(), {"kind": "shirt"}) == plan("nice thing")
    assert wished("black", set(), {"kind": "shirt"}) == plan("black")


def test_a_weight_of_zero_changes_nothing() -> None:
    found = looked("black")
    weights = prior().model_copy(update={"named": 0.0})
    assert granted(plan("black"), found, answer(found, {("black", "color")}), SCHEMA, weights) == plan("black")


def test_a_value_that_words_name_counts_as_much_as_all_other_signals_together() -> None:
    """Of the 10 that look like the photo 8 are shirts: of the two facets one is left, so that it may weigh all."""
    rows = [{"kind": "shirt", "color": "red"}] * 8 + [{"kind": "coat"}, {"kind": "hat"}]
    before, after = plan("black"), wished("black", {("black", "color")}, *rows)
    sum_before = sum(signal.weight for signal in before.signals)
    photo = next(signal.weight for signal in before.signals if signal.name == "photo.image")
    first, *others = after.signals
    assert isinstance(first, Passing)
    assert first.name == "named color: black"
    assert first.weight == pytest.approx(sum_before + 4 * photo)
    assert tuple(others[:-1]) == before.signals
    last = others[-1]
    assert isinstance(last, Passing)
    assert (last.name, last.filters) == ("alike kind: shirt", (Terms("kind", ("shirt",)),))
    assert last.weight == pytest.approx(4 * photo * 0.8)


def test_what_looks_like_the_photo_among_what_has_the_value_is_found_too() -> None:
    before, after = plan("black"), wished("black", {("black", "color")})
    *same, more = after.neighbours
    assert tuple(same) == before.neighbours
    assert (more.vector, more.k, more.floor) == (EAST, NEIGHBOURS, -1.0)
    (clause,) = more.among
    assert isinstance(clause, Terms)
    assert {"black", "Black", "BLACK", "schwarz", "Noir", "黒"} <= set(clause.values)
    assert after.window == before.window + NEIGHBOURS
    assert "among" in str(after)


def test_the_words_of_other_languages_name_the_same_values() -> None:
    for word in ("schwarzes", "noire", "黒い", "黑色"):
        found = next(each for each in looked(word).named if each.field == "color")
        assert isinstance(found.clause, Terms)
        assert "Black" in found.clause.values


def test_of_words_that_overlap_the_most_are_meant() -> None:
    after = wished("navy blue", {("navy blue", "color"), ("blue", "color"), ("navy", "color")})
    assert [signal.name for signal in after.signals if signal.name.startswith("named")] == ["named color: navy blue"]


def test_two_values_are_looked_for_together_and_each_alone() -> None:
    after = wished("black shirt", {("black", "color"), ("shirt", "kind")})
    named = [signal.name for signal in after.signals if signal.name.startswith("named")]
    assert sorted(named) == ["named color: black", "named kind: shirt"]
    assert [len(each.among) for each in after.neighbours] == [0, 0, 0, 2, 1, 1]
    assert not any(signal.name.startswith("alike") for signal in after.signals)


def test_a_colour_that_no_facet_has_is_looked_for_in_titles() -> None:
    after = wished("schwarz", {("schwarz", "title")})
    first = after.signals[0]
    assert isinstance(first, Condition)
    assert isinstance(first.clause, Match)
    assert first.name == "named title: schwarz"
    assert "black" in first.clause.words[0].tokens[0]
    assert after.neighbours[-1].texts == (first.clause,)


def test_a_facet_goes_before_the_title() -> None:
    after = wished("black", {("black", "color"), ("black", "title")})
    assert [signal.name for signal in after.signals if signal.name.startswith("named")] == ["named color: black"]


def test_a_value_of_variants_is_looked_for_in_one_of_them() -> None:
    schema = Schema(FIELDS.model_copy(update={"facets": ("kind", "variants.color"), "variants": "variants"}), LEGS)
    after = wished("black", {("black", "variants.color")}, schema=schema)
    assert isinstance(after.neighbours[-1].among[0], OneVariant)


def test_a_typing_error_is_read_as_the_index_spells_it_but_no_colour_is() -> None:
    corrected = replace(plan("blakc schwarz"), corrected={"blakc": "black", "schwarz": "schwartz"})
    found = look(corrected, SCHEMA)
    assert found is not None
    assert {"black", "schwarz"} <= {each.words for each in found.named}


def test_stop_words_name_nothing_by_themselves() -> None:
    assert [words for words, _ in phrases(["the", "in", "black", "for"])] == ["black"]


def test_colours_are_found_within_a_run_of_japanese() -> None:
    assert "黒" in [words for words, _ in phrases(["これの黒い服"])]


def test_what_words_name_is_looked_for_as_shops_write_it() -> None:
    assert written("light cotton") == ("light cotton", "Light Cotton", "Light cotton", "LIGHT COTTON")


def test_an_answer_without_counts_changes_nothing() -> None:
    assert granted(plan("black"), looked("black"), Page("", (), 0), SCHEMA, prior(), Lexicon({}, 0)) == plan("black")


def test_a_long_query_is_looked_up_in_bounds() -> None:
    assert len(looked(" ".join(f"word{number}" for number in range(60))).named) <= 64


def test_a_colour_is_looked_up_however_many_words_and_facets_there_are() -> None:
    schema = Schema(FIELDS.model_copy(update={"facets": tuple(f"f{number}" for number in range(12))}), LEGS)
    found = looked("please show me such things dark blue", schema)
    assert len(found.named) <= 64
    assert {"blue", "dark blue", "please"} <= {each.words for each in found.named}
    assert found.named[0].words == "dark blue"
