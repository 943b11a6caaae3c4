"""Two offers side by side; `items` and `model` are tested here too."""

import math

import pytest

from hybridsearch.matching.compare import Tells, levels, masses, other_states, ruled_out
from hybridsearch.matching.items import Item, item
from hybridsearch.matching.model import Model, probability
from hybridsearch.roles import Fields

FIELDS = Fields(title="title", numbers=("price",))
EQUAL = Tells(1, lambda word: 1)
"""Every word tells 1."""


def offer(title: str, **row: object) -> Item:
    return item("acme", "1", {"title": title, **row}, FIELDS)


def test_what_is_compared_is_found_by_what_fields_are_called() -> None:
    row = {
        "Titel": "Lampe",
        "Hersteller": "Nordhem GmbH",
        "EAN-Code": "x",
        "gtin13": "4006381333931",
        "attrs": {"product_colour": "rot"},
        "Preis": "1.299,00 €",
        "Händler": "Lampenwelt",
        "MPN": "NH-100/2",
    }
    found = item("acme", "1", row, Fields(title="Titel", numbers=("Preis",)))
    assert (set(found.gtins), set(found.signs.colors)) == ({"04006381333931"}, {"red"})
    assert (found.part, found.brand, found.price, found.seller) == ("nh1002", "nordhem", 1299.0, "Lampenwelt")


def test_an_offer_without_anything_is_one_of_its_catalogue() -> None:
    found = item("acme", "1", {}, FIELDS)
    assert (found.title, found.gtins, found.price, found.seller) == ("", frozenset(), None, "acme")


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Lamp LQ55 red", "Lamp LQ55 blue", "red and blue"),
        ("Phone 64 GB", "Phone 128 GB", "another storage"),
        ("Battery AA 4-pack", "Battery AA 8-pack", "4 and 8 pieces"),
        ("Battery AA", "Battery AA 8-pack", "1 and 8 pieces"),
        ("Phone X", "Phone X refurbished", "new and refurbished"),
        ("Camera X", "Camera X bundle with bag", "one is a bundle"),
        ("Headphones WH-1000XM4", "Headphones WH-1000XM5", "wh-1000xm4 and wh-1000xm5"),
        ("Shirt S", "Shirt XL", "s and xl"),
        ("Printer 600 x 600 DPI", "Printer 1200 x 600 DPI", "600x600 and 1200x600"),
        ("Lamp ELPLP10", "Lamp ELPLP10S", "elplp10 and elplp10s"),
    ],
)
def test_what_tells_products_apart_rules_out_that_they_are_one(one: str, other: str, why: str) -> None:
    assert next(ruled_out(offer(one), offer(other))) in (why, " and ".join(reversed(why.split(" and "))))
    assert next(ruled_out(offer(other), offer(one)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sony WH-1000XM5 headphones", "Headphones 1000XM5"),
        ("Sony WH-1000XM5", "Sony WH1000XM5"),
        ("TP-Link TL-WA860RE", "TP-Link TL WA860RE"),
        ("Lamp red", "Lampe rot"),
        ("Lamp red 5 W", "Lamp"),
        ("Toner 6 pc(s) black", "Toner black 6"),
    ],
)
def test_the_same_in_other_words_rules_out_nothing(one: str, other: str) -> None:
    assert [*ruled_out(offer(one), offer(other))] == []


def test_other_codes_rule_out_whatever_titles_say() -> None:
    one, other = (offer("Lamp", ean=code) for code in ("4006381333931", "036000291452"))
    assert [*ruled_out(one, other)] == ["other GTINs"]
    assert [*ruled_out(offer("Lamp", mpn="LQ55A"), offer("Lamp", mpn="LQ55B"))] == ["other part numbers"]
    assert [*ruled_out(offer("Lamp", brand="Acme"), offer("Lamp", brand="Zeta"))] == ["other brands"]


def test_one_code_may_be_on_a_new_and_on_a_used_one() -> None:
    assert [*other_states(offer("Phone X"), offer("Phone X", condition="used"))] == ["new and used"]
    assert [*other_states(offer("Phone X red"), offer("Phone X blue"))] == []


def test_what_words_tell_is_summed_up() -> None:
    ours, theirs = offer("nordhem terra umbrella red").signs, offer("umbr. terra nordhem").signs
    assert masses(ours, theirs, EQUAL) == (3.0, 1.0, 0)
    assert levels(offer("a b"), offer("a b c d"), EQUAL)["words"] == "0.7"  # 2 / sqrt(2 * 4) = 0.707
    assert levels(offer("a b"), offer("a b c d"), EQUAL)["contained"] == "0.98"


def test_a_rare_word_tells_more() -> None:
    tells = Tells(100, {"lamp": 50, "lq55": 1}.__getitem__)
    assert tells("lq55") == pytest.approx(1 + math.log(100))
    assert tells("lq55") > tells("lamp")


def test_the_odds_are_the_sum_of_the_weights_of_all_levels() -> None:
    model = Model(-1.0, {"words": {"0.9": 2.5}, "price": {"beyond": -4.0}}, 0.9, 0.4, 1.0)
    assert model.odds({"words": "0.9", "price": "beyond"}) == pytest.approx(-2.5)
    assert model.odds({"words": "0.9", "price": "never seen"}) == pytest.approx(1.5)
    assert probability(0.0) == 0.5
    assert probability(-1e9) == pytest.approx(0.0)


def test_the_shipped_model_says_why_in_words() -> None:
    one = offer("Nordhem terra umbrella NT55 red", price=20)
    how = levels(one, one, EQUAL)
    model = Model.shipped()
    assert probability(model.odds(how)) > model.match
    assert model.because(how).startswith("titles agree (0.98 or more)")


def test_every_level_of_every_comparison_may_have_a_weight() -> None:
    shipped = Model.shipped()
    assert shipped.weights.keys() == levels(offer("a b"), offer("a b"), EQUAL).keys()
    assert 0 < shipped.review < shipped.match < 1
