"""A taste, worked out by hand; what it adds is bounded whatever the history, and without one nothing changes.

What a hit says of it is in `because`, a page for it alone in `recommended`, what variants say of it in `taken`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search.alike.recommended import plan_recommended
from hybridsearch.search.clauses import Cosine, Passing
from hybridsearch.search.filters.conditions import Ids, Not, OneVariant, Range, Terms
from hybridsearch.search.person.because import explained
from hybridsearch.search.person.history import read_history
from hybridsearch.search.person.taste import INDIFFERENT, Looked, Taste, signals, taste_of
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import UNUSED, Query
from hybridsearch.search.weights import prior
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Hit, Indexed, Vector

FIELDS = Fields(title="title", facets=("brand", "colour"), numbers=("price",), languages=("en",))
LEG = Leg("image", 2, "f", calibrations={"product": Calibration(0.5, 1.0)})
SCHEMA = Schema(FIELDS, (LEG,))
EAST, NORTH = Vector([1, 0]), Vector([0, 1])
PRODUCTS = {
    "1": Indexed("1", {"title": "Hat", "brand": "Acme", "colour": "red", "price": 20}, {"image": EAST}),
    "2": Indexed("2", {"title": "Coat", "brand": "Acme", "colour": "blue", "price": 25}, {"image": NORTH}),
    "3": Indexed("3", {"title": "Shoe", "brand": "Zeta", "colour": "green", "price": 30}, {"image": EAST}),
    "4": Indexed("4", {"colour": "red"}),
}
LEXICON = Lexicon({"acme": 5, "zeta": 5, "red": 60, "blue": 5, "hat": 3}, 100)


def taste(*history: Any, schema: Schema = SCHEMA, lexicon: Lexicon | None = None) -> Taste:
    return taste_of(read_history(history), PRODUCTS, schema, lexicon)


def plan(text: str, known: Taste = INDIFFERENT, **asked: Any) -> Plan:
    words = {"words": {"image": EAST}} if text else {}
    return planner.plan(Query(text, **asked), SCHEMA, prior(), vectors=words, taste=known)


def test_vectors_are_averaged_by_what_their_products_count() -> None:
    found = taste({"id": "2", "action": "cart"}, "1").directions["image"]
    middle = np.array([1.0, 3 * 0.5**0.1]) / (1 + 3 * 0.5**0.1)
    assert found.length == pytest.approx(np.linalg.norm(middle))
    assert found.vector.array == pytest.approx(middle / np.linalg.norm(middle), abs=1e-6)


def test_the_signal_of_a_leg_is_the_mean_of_the_cosines_on_the_scale_of_products() -> None:
    (signal, *_) = signals(taste("2", "1"), SCHEMA, 0.2)
    assert isinstance(signal, Cosine)
    shares = np.array([1.0, 0.5**0.1]) / (1 + 0.5**0.1)
    product = np.array([0.6, 0.8])
    mean = float(shares @ np.array([0.6, 0.8]))  # its cosines to 1 and 2
    cosine = float(signal.vector.array @ product)
    assert (cosine - signal.low) / (signal.high - signal.low) == pytest.approx((mean - 0.5) / 0.5, abs=1e-6)


def test_what_a_third_of_a_history_has_is_liked_if_it_says_something() -> None:
    """Acme has 2 of 3 products; no colour has two, and what most of a catalogue has says nothing."""
    liked = {part.name: part for part in taste("3", "2", "1").liked}
    assert [name.partition(":")[0] for name in liked] == ["taste brand", "taste price"]
    assert liked["taste brand: Acme"].clause == Terms("brand", ("Acme",))
    assert [each.name for each in liked["taste brand: Acme"].by] == ["1 (Hat)", "2 (Coat)"]
    telling = {part.name: part.tells for part in taste("4", "1", lexicon=LEXICON).liked}
    assert set(telling) == {"taste colour: red"}
    assert telling["taste colour: red"] == pytest.approx(np.log(1 + 40.5 / 60.5) / 2)


def test_the_band_of_prices_lies_around_their_middle() -> None:
    (*_, band) = taste("1", "2", "3").liked
    weights = np.array([0.5**0.2, 0.5**0.1, 1.0])
    middle = np.exp(np.average(np.log([20, 25, 30]), weights=weights))
    assert isinstance(band.clause, Range)
    assert (band.clause.field, band.name) == ("price", f"taste price: {band.clause.gte:g} to {band.clause.lte:g}")
    assert (band.clause.gte, band.clause.lte) == pytest.approx((middle / 1.25, middle * 1.25), rel=5e-3)


def test_who_buys_socks_and_coats_has_no_band() -> None:
    wide = {str(n): Indexed(str(n), {"title": "x", "price": price}) for n, price in enumerate((1, 10, 100, 1_000))}
    assert taste_of(read_history(list(wide)), wide, SCHEMA).liked == ()


def test_products_that_are_gone_are_told_and_the_others_count() -> None:
    found = taste("gone", "lost", "1")
    assert [each.name for each in found.seen] == ["1 (Hat)"]
    assert found.notes == ("not in the index: 2 of 3 products of the history",)
    assert taste("gone").seen == ()


def test_without_a_history_the_plan_is_the_plain_one() -> None:
    for text in ("red coat", "", "4711"):
        assert plan(text, taste_of(read_history([]), {}, SCHEMA)) == plan(text)


def test_a_taste_adds_signals_and_changes_nothing_else() -> None:
    plain, tasted = plan("red coat"), plan("red coat", taste("2", "1"))
    names = [signal.name for signal in tasted.signals[len(plain.signals) :]]
    assert names == ["taste.image", "taste brand: Acme"]
    assert tasted.signals[: len(plain.signals)] == plain.signals
    assert (tasted.keyword, tasted.neighbours, tasted.filters, tasted.proofs) == (
        plain.keyword, plain.neighbours, plain.filters, plain.proofs,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [{"text": "coat", "sort": "price:asc"}, {"text": "", "filters": {"brand": "Acme"}}])
def test_an_order_of_its_own_stays_and_the_page_says_so(asked: dict[str, Any]) -> None:
    text = asked.pop("text")
    tasted = plan(text, taste("1", "2"), **asked)
    assert tasted.signals == plan(text, **asked).signals
    assert UNUSED in tasted.notes


ids = st.lists(st.sampled_from([*PRODUCTS, "gone"]), min_size=1, max_size=8)


@given(ids, st.floats(0.0, 0.5), st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_what_a_taste_adds_never_exceeds_its_bound(history: list[str], bound: float, values: list[float]) -> None:
    added = signals(taste(*history), SCHEMA, bound)
    length = float(np.linalg.norm(values))
    unit = np.array(values) / length if length > 1e-6 else np.array([1.0, 0.0])
    most = 0.0
    for signal in added:
        if isinstance(signal, Cosine):
            value = (float(signal.vector.array @ unit) - signal.low) / (signal.high - signal.low)
            assert value <= 1 + 1e-6
            most += signal.weight * max(0.0, value)
        else:
            most += signal.weight
    assert most <= bound + 1e-6


def test_a_leg_that_knows_nothing_of_the_catalogue_says_nothing_of_a_taste() -> None:
    guessing = Leg("image", 2, "f", calibrations={"product": Calibration(0.5, 1.0, tells=0.5)})
    names = [signal.name for signal in signals(taste("1", "2"), Schema(FIELDS, (guessing,)), 0.1)]
    assert names == ["taste brand: Acme"]
    (brand,) = signals(taste("1", "2"), Schema(FIELDS, (guessing,)), 0.1)
    assert brand.weight == pytest.approx(0.1)  # all of the bound


def shown(*hits: Hit, known: Taste) -> list[str]:
    """Return what each hit says it was lifted by."""
    vectors = {"n": {"image": NORTH}, "e": {"image": EAST}}
    return [hit.looked_at for hit in explained(hits, known, plan("coat", known).signals, vectors)]


def test_a_hit_names_the_nearest_product_or_one_that_shares_what_is_liked() -> None:
    known = taste("2", "1")
    near = [Hit(key, 1.0, {"taste.image": 0.05}, {}) for key in ("n", "e")]
    assert shown(*near, known=known) == ["2 (Coat)", "1 (Hat)"]
    assert shown(Hit("x", 1.0, {"taste brand: Acme": 0.07, "taste.image": 0.01}, {}), known=known) == ["1 (Hat)"]
    assert shown(Hit("1", 1.0, {"taste brand: Acme": 0.07}, {}), known=known) == ["2 (Coat)"]


def test_a_hit_that_a_taste_hardly_lifted_says_nothing() -> None:
    assert shown(Hit("n", 1.0, {"title": 0.4, "taste.image": 0.01}, {}), known=taste("2", "1")) == [""]
    assert Hit("n", 1.0, {"title": 0.4}, {}).because == ()
    lifted = Hit("n", 1.0, {"rule r: boost": 0.2}, {}, looked_at="2 (Coat)")
    assert lifted.because == ("rule r: boost", "because you looked at 2 (Coat)")


def test_a_page_for_a_person_leaves_out_what_they_looked_at_unless_it_is_wanted_again() -> None:
    found = plan_recommended(taste("2", "1"), Query(filters={"brand": "Zeta"}), SCHEMA, prior(), lexicon=LEXICON)
    assert (found.kind, found.reason) == ("taste", "like 2 products that were looked at")
    assert found.filters == (Terms("brand", ("Zeta",)), Not(Ids(("1", "2"))))
    assert len(found.neighbours) == 3  # of the middle, and of each
    assert [signal.name for signal in found.signals] == ["title", "text", "taste.image", "taste brand: Acme"]
    assert isinstance(found.signals[-1], Passing)
    again = plan_recommended(taste("2", "1"), Query(), SCHEMA, prior(), again=True, lexicon=LEXICON)
    assert again.filters == ()


SIZED = Fields(
    title="title", codes=("variants.sku",), facets=("brand", "variants.size", "variants.colour"), languages=("en",)
)
SHIRTS = {
    key: Indexed(
        key,
        {
            "title": "Shirt",
            "variants": [
                {"sku": f"{key}-{size}", "size": size, "colour": colour}
                for size, colour in zip("SML", colours, strict=True)
            ],
        },
    )
    for key, colours in (("1", ["red"] * 3), ("2", ["red"] * 3), ("3", ["red", "blue", "blue"]), ("4", ["green"] * 3))
}


def sized(*history: Any) -> dict[str, Any]:
    """Return the clauses of what is liked of some shirts, by name."""
    found = taste_of(read_history(history), SHIRTS, Schema(SIZED))
    return {part.name: part.clause for part in found.liked} | {"notes": found.notes}


def test_the_size_of_variants_that_were_taken_is_liked_by_their_code_or_by_what_an_event_says() -> None:
    liked = sized({"id": "1", "variant": "1-m"}, {"id": "2", "variant": {"size": "M"}}, "4")
    assert liked["taste variants.size: M"] == OneVariant((Terms("variants.size", ("M",)),))


def test_without_a_variant_only_what_all_of_a_product_have_is_liked() -> None:
    assert list(sized("1", "2", "3")) == ["taste variants.colour: red", "notes"]
    assert list(sized("3", "4")) == ["notes"]


def test_a_variant_that_a_product_does_not_have_is_told_of() -> None:
    assert sized({"id": "1", "variant": "9-M"}, {"id": "2", "variant": {"weight": {"x": 1}}})["notes"] == (
        "not among the variants of their products: 1 of the history",
    )


def test_the_price_is_the_field_that_the_configuration_says() -> None:
    fields = Fields(title="title", numbers=("cost", "price"), price="cost", languages=("en",))
    rows = {key: Indexed(key, {"title": "Hat", "cost": 20, "price": 900}) for key in "123"}
    (band,) = taste_of(read_history(list(rows)), rows, Schema(fields)).liked
    assert isinstance(band.clause, Range)
    assert band.clause.field == "cost"
    with pytest.raises(ValueError, match="'price' is 'gain', which is none of the 'numbers' of products; add it there"):
        Fields(title="title", numbers=("cost",), price="gain")


def test_a_part_of_a_taste_that_gets_nothing_is_no_signal() -> None:
    found = taste("2", "1")
    assert [signal.name for signal in signals(found, SCHEMA, 0.2, 0.0)] == ["taste brand: Acme"]
    assert [signal.name for signal in signals(found, SCHEMA, 0.2, 1.0)] == ["taste.image"]
    assert sum(signal.weight for signal in signals(found, SCHEMA, 0.2, 1.0)) == pytest.approx(0.2)


def test_a_product_of_a_history_is_made_when_it_is_asked_for() -> None:
    seen = Looked(["1", "2", "3"], [0.5, 0.3, 0.2], PRODUCTS, FIELDS)
    assert [each.name for each in seen] == ["1 (Hat)", "2 (Coat)", "3 (Shoe)"]
    assert [(each.id, each.share) for each in seen.at([2, 0])] == [("3", 0.2), ("1", 0.5)]
    assert ([each.id for each in seen[1:]], len(seen.at([])), bool(seen.at([]))) == (["2", "3"], 0, False)
