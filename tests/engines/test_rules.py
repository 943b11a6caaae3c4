"""Rules on both engines: what they pin, lift, hide and replace is the same, and totals, pages and facets agree.

They come from a file by way of `guidance`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.doctor import checks
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]

PRODUCTS: list[dict[str, Any]] = [
    *(
        {
            "id": f"d{number:02}",
            "title": f"Summer dress {number}",
            "brand": ("Acme", "Borealis", "Zeta")[number % 3],
            "category": "dresses",
            "price": number,
            "variants": [{"size": "SML"[number % 3]}, {"size": "XL"}],
        }
        for number in range(30)
    ),
    *({"id": f"h{n}", "title": f"Straw hat {n}", "brand": "Acme", "category": "hats", "price": n} for n in range(8)),
]
RULES = """
[[rule]]
name = "summer"
when.query = ["summer dress", "Robe d'été"]
then.pin = ["d20", "gone", "h3", "d05"]
then.banner = { text = "Summer is here", until = 2026-09-01 }

[[rule]]
name = "less Zeta"
when.contains = "dress"
then.boost = [{ filters = { brand = "Borealis" }, by = 0.3 }]
then.bury = [{ filters = { brand = "Zeta", "variants.size" = "L" }, by = 0.2 }]

[[rule]]
name = "hats page"
when = { query = "", filters = { category = ["hats", "caps"] } }
then.pin = ["h5", "h2"]
then.hide = ["h0"]

[[rule]]
name = "cheap"
when.contains = "cheap"
then.filters = { price = { lt = 10 } }
then.query = "straw hat"
then.redirect = "/sale"

[[rule]]
name = "past"
when = { query = "straw hat", until = 2020-01-01 }
then.pin = ["h7"]

[[rule]]
name = "winter"
when.query = "xylophone"
then.pin = ["d01"]
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shops(es_url: str, rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The catalogue on the embedded engine and on a server."""
    fields = {"title": "title", "facets": ["brand", "category", "variants.size"], "numbers": ["price"]}
    folder = tmp_path_factory.mktemp("ruled")
    with on_both_engines(folder, es_url, PRODUCTS, fields=fields, rules={"path": str(rules)}) as both:
        yield both


def test_pinned_products_lead_in_their_order_and_are_counted_once(shops: Shops) -> None:
    for shop in shops:
        page = shop.search("Summer DRESS", size=40, facets=["category"])
        ids = [hit.id for hit in page]
        assert ids[:3] == ["d20", "h3", "d05"]
        assert page.total == len(ids) == len(set(ids)) == 31
        assert page.facets == {"category": {"dresses": 30, "hats": 1}}
        assert page.rules == ("summer", "less Zeta")
        assert page.banners[0]["text"] == "Summer is here"
        assert page[0].because == ("rule summer: pin d20",)
        assert page.to_json()["hits"][1]["because"] == ["rule summer: pin h3", "rule less Zeta: not buried"]


def test_pages_of_a_ruled_query_repeat_and_leave_out_nothing(shops: Shops) -> None:
    for shop in shops:
        whole = [hit.id for hit in shop.search("summer dress", size=40)]
        assert [hit.id for page in range(1, 7) for hit in shop.search("summer dress", size=6, page=page)] == whole


def test_pins_pass_the_filters_of_the_shopper(shops: Shops) -> None:
    for shop in shops:
        page = shop.search("summer dress", filters={"brand": "Zeta"}, size=40)
        assert [hit.id for hit in page][:2] == ["d20", "d05"]
        assert {hit.product["brand"] for hit in page} == {"Zeta"}


def test_boosted_products_come_first_and_buried_ones_last(shops: Shops) -> None:
    for shop in shops:
        brands = [hit.product["brand"] for hit in shop.search("dress", size=40)]
        assert brands == ["Borealis"] * 10 + ["Acme"] * 10 + ["Zeta"] * 10


def test_a_category_page_is_ruled_too_and_a_cursor_goes_on_behind_the_pins(shops: Shops) -> None:
    for shop in shops:
        page = shop.search(filters={"category": "hats"}, size=3, facets=["category", "brand"])
        assert page.rules == ("hats page",)
        assert (page.total, [hit.id for hit in page][:2]) == (7, ["h5", "h2"])
        assert page.facets == {"category": {"dresses": 30, "hats": 7}, "brand": {"Acme": 7}}
        ids = [hit.id for hit in page]
        while page.cursor:
            page = shop.search(filters={"category": "hats"}, size=3, cursor=page.cursor)
            ids += [hit.id for hit in page]
        assert sorted(ids) == [f"h{n}" for n in range(1, 8)]
        assert shop.search(filters={"category": "dresses"}).rules == ()


def test_in_the_order_of_a_field_products_keep_their_places_and_the_hidden_stay_hidden(shops: Shops) -> None:
    for shop in shops:
        page = shop.search(filters={"category": "hats"}, sort="price:desc")
        assert [hit.id for hit in page] == ["h7", "h6", "h5", "h4", "h3", "h2", "h1"]


def test_another_query_is_searched_for_and_the_page_says_so(shops: Shops) -> None:
    for shop in shops:
        page = shop.search("cheap things", size=40)
        assert (page.query, page.redirect, page.rules) == ("cheap things", "/sale", ("cheap",))
        assert {hit.id for hit in page} == {f"h{n}" for n in range(8)}
        assert page.notes[0] == "a rule searched for 'straw hat' instead"


def test_a_rule_finds_products_for_words_that_no_product_has(shops: Shops) -> None:
    for shop in shops:
        assert [hit.id for hit in shop.search("xylophone")] == ["d01"]
        assert shop.search("xylophones zzz").total == 0


@pytest.mark.parametrize("query", ["summer dress", "dress", "red dress 7", "straw hat", "cheap", ""])
def test_both_engines_rank_the_same(shops: Shops, query: str) -> None:
    ours, theirs = (shop.search(query, size=50, facets=["brand", "variants.size"]) for shop in shops)
    assert [(hit.id, hit.variant) for hit in ours] == [(hit.id, hit.variant) for hit in theirs]
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], rel=1e-5)
    assert (ours.total, ours.facets, ours.rules) == (theirs.total, theirs.facets, theirs.rules)


def test_rules_are_edited_without_a_rebuild_and_what_is_wrong_with_them_is_told(shops: Shops, rules: Path) -> None:
    def rewrite(text: str, later: int) -> None:
        rules.write_text(text, encoding="utf-8")
        os.utime(rules, ns=(0, rules.stat().st_mtime_ns + later))

    try:
        odd = '[[rule]]\nname = "odd"\nwhen.query = "hat"\nthen.filters = { colour = "red" }\n'
        rewrite(f'{odd}[[rule]]\nname = "on"\nwhen.query = "hat"\nthen.pin = ["h6", "nothing"]\nthen.pins = 3\n', 1_000)
        for shop in shops:
            page = shop.search("hat", size=1)
            assert page.rules == ()
            assert page.degraded == (
                "rule 'odd' is not applied: Unknown filter field 'colour'. " + page.degraded[0][58:],
            )
        rewrite(f'{odd}[[rule]]\nname = "on"\nwhen.query = "hat"\nthen.pin = ["h6", "nothing"]\n', 2_000)
        for shop in shops:
            assert [hit.id for hit in shop.search("hat", size=1)] == ["h6"]
            lines = [check.found for check in checks(shop) if check.name == "rules"]
            assert lines[0].startswith("rule 'odd' is not applied: Unknown filter field 'colour'.")
            assert lines[1:] == ["no product is called 'nothing', which a rule names"]
        rewrite("[[rule]\n", 3_000)
        for shop in shops:
            page = shop.search("hat", size=1)
            assert [hit.id for hit in page] == ["h6"]
            assert page.degraded[0].startswith("the rules are not what their file says: ")
    finally:
        rewrite(RULES, 4_000)
