"""What people type finds what they mean, on both engines, and not what is sold `elsewhere`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.engines.base import live_of
from hybridsearch.indexing.elsewhere import elsewhere
from hybridsearch.schema import Calibration, Leg
from hybridsearch.search import planner
from hybridsearch.search.clauses import Match, Proof, Words
from hybridsearch.search.loosened import NOTE
from hybridsearch.search.results import MEANT, UNPROVED
from tests.shops import quietly, settings, write_products

TABLE = "Tisch H&ouml;he 75&nbsp;cm <b>gr&uuml;n</b>"
TITLES = [
    *(f"{color} umbrella {kind}" for color in ("Red", "Blue", "Green") for kind in ("large", "small")),
    *(f"{color} dress {number}" for color in ("Red", "Black") for number in range(20)),
    *(f"Red scarf {number}" for number in range(12)),
    "T-Shirt white",
    "Dog food 5kg",
    "Cat food 400 g",
    "Shelf 1.40 m",
    "Stainless steel sink",
    "Headset with cable",
    "Jonglierkeulen Set",
    "Terrassenschrauben Edelstahl",
    TABLE,
    '<div class="product"><span style="color: red">Strong tape</span></div>',
    "Œuf en bois",
    "Straße und Łódź",
    "折りたたみ傘 軽量",
    "雨傘 レディース",
    "革靴 メンズ",
    "跑步鞋 男士",
    "シャワーヘッド",
    '1/2" hose',
    "12 inch hose",
    "Laptop 15,6 Zoll",
    "Galaxy S10",
    "Galaxy S10+",
    "AC/DC poster",
    "Powerbank 10,000mAh",
    "Powerbank 20000 mAh",
    "Board 80 x 30 cm",
    "Board 80x40cm",
    "Sunscreen SPF 50",
    "WF-M5799DWF printer",
    "Knives set",
    "500毫升 水杯",
    "Tablet 8.4-inch",
    'Frame 24" x 36"',
]
RULES = """
[[rule]]
name = "scarves"
when.query = "scarf black"
then.pin = ["1", "50"]
"""
BY_TITLE = {title: str(number) for number, title in enumerate(TITLES)}
FIELDS = {"title": "title", "facets": ["kind"], "numbers": ["price"], "languages": ["en", "de", "ja", "zh"]}


def kind_of(title: str) -> str:
    return next((kind for kind in ("umbrella", "dress", "scarf") if kind in title), "other")


@pytest.fixture(scope="module", params=["embedded", "elasticsearch"])
def shop(
    request: pytest.FixtureRequest, es_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HybridSearch]:
    rows = [
        {"id": number, "title": title, "price": int(number) % 17, "kind": kind_of(title)}
        for title, number in BY_TITLE.items()
    ]
    folder = write_products(tmp_path_factory.mktemp("queries") / "products.jsonl", rows).parent
    on: dict[str, Any] = {}
    if request.param == "elasticsearch":
        on = {"engine": {"url": es_url, "index": "test-queries", "replicas": 0}}
    rules = folder / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    with HybridSearch.open(settings(folder, fields=FIELDS, rules={"path": str(rules)}, **on)) as opened:
        report = opened.reindex(options=quietly())
        yield opened
        if on:
            opened.engine.discard(report.generation)


def titles(shop: HybridSearch, query: str, **asked: Any) -> list[str]:
    return [hit.product["title"] for hit in shop.search(query, size=50, **asked)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("tshirt", "T-Shirt white"),
        ("t shirt", "T-Shirt white"),
        ("T-SHIRT", "T-Shirt white"),
        ("5 kg", "Dog food 5kg"),
        ("400g", "Cat food 400 g"),
        ("1,40 m", "Shelf 1.40 m"),
        ("140", None),
        ("stainlesssteel sink", "Stainless steel sink"),
        ("head set", "Headset with cable"),
        ("Keulen", "Jonglierkeulen Set"),
        ("Terrassen", "Terrassenschrauben Edelstahl"),
        ("hohe", TABLE),
        ("grün", TABLE),
        ("oeuf", "Œuf en bois"),
        ("œuf", "Œuf en bois"),
        ("strasse", "Straße und Łódź"),
        ("lodz", "Straße und Łódź"),
        ("靴", "革靴 メンズ"),
        ("跑鞋", "跑步鞋 男士"),
        ("しゃわー", "シャワーヘッド"),
        ("ﾚﾃﾞｨｰｽ", "雨傘 レディース"),
    ],
)
def test_however_it_is_written_it_is_found_first(shop: HybridSearch, query: str, first: str | None) -> None:
    found = titles(shop, query)
    assert (found[0] if found else None) == first


@pytest.mark.parametrize("query", ["span", "nbsp", "ouml", "class", "b", "div"])
def test_markup_is_not_found(shop: HybridSearch, query: str) -> None:
    assert titles(shop, query) == []


@pytest.mark.parametrize("query", ["red umbrela", "red ubmrella", "red umbbrella", "red unbrella", "redumbrella"])
def test_a_misspelt_word_finds_what_is_meant_and_says_so(shop: HybridSearch, query: str) -> None:
    page = shop.search(query, size=50)
    assert [hit.product["title"] for hit in page][:2] == ["Red umbrella large", "Red umbrella small"]
    assert page.spelled == "red umbrella"
    assert any("umbrella" in note for note in page.notes)


def test_a_word_that_is_spelled_as_in_the_index_is_left_alone(shop: HybridSearch) -> None:
    page = shop.search("red umbrella")
    assert (page.spelled, page.notes) == ("", ())


def test_a_word_that_no_product_has_is_not_needed(shop: HybridSearch) -> None:
    assert set(titles(shop, "cheap umbrella")) == {title for title in TITLES if "umbrella" in title}


def test_words_that_many_products_share_are_all_needed(shop: HybridSearch) -> None:
    found = titles(shop, "red dress")
    assert set(found) == {title for title in TITLES if title.startswith("Red dress")}


def test_the_least_telling_word_is_given_up_first(shop: HybridSearch) -> None:
    """Eight of ten things are red; whoever looks for a red umbrella is shown umbrellas, and no red scarf."""
    found = titles(shop, "green umbrella")
    assert [title for title in found if "Green" in title] == found[:2]
    assert not any("dress" in title or "scarf" in title for title in found)


def test_totals_facets_and_sort_see_the_same_products(shop: HybridSearch) -> None:
    page = shop.search("red dress", facets=["kind"], sort="price:asc", size=50)
    assert page.total == len(page) == 20
    assert page.facets == {"kind": {"dress": 20}}
    assert {hit.product["title"] for hit in page} == set(titles(shop, "red dress"))


def test_the_words_that_were_found_are_marked_in_the_title(shop: HybridSearch) -> None:
    page = shop.search("red umbrela", highlight=True, size=2)
    assert [hit.highlights for hit in page] == [
        {"title": f"<mark>Red</mark> <mark>umbrella</mark> {kind}"} for kind in ("large", "small")
    ]
    assert page.to_json()["hits"][0]["highlights"] == page.hits[0].highlights
    assert not shop.search("red umbrela", size=1).hits[0].highlights


def test_in_an_order_by_a_field_only_what_comes_near_to_the_best_is_found(shop: HybridSearch) -> None:
    """Large umbrellas follow the small ones; in an order by price the dearest of them would lead."""
    by_score = shop.search("small umbrella 3", facets=["kind"], size=50)
    by_price = shop.search("small umbrella 3", facets=["kind"], sort="price:desc", size=50)
    best = by_score.hits[0].score
    assert {hit.id for hit in by_price} == {hit.id for hit in by_score if hit.score >= 0.65 * best}
    assert (by_price.total, by_score.total) == (3, 6)
    assert by_price.facets == {"kind": {"umbrella": 3}}
    scores = {hit.id: hit.score for hit in by_score}
    assert {hit.id: hit.score for hit in by_price} == pytest.approx(
        {hit.id: scores[hit.id] for hit in by_price}, abs=1e-4
    )
    assert all(hit.signals for hit in by_price)
    assert by_price.notes == ("in order of price: of 6 products those that score 65% of the best",)
    assert {hit.product["title"].split()[-1] for hit in by_price} == {"small"}
    pages = [shop.search("small umbrella 3", sort="price:desc", size=1, page=page) for page in (1, 2, 3, 4)]
    assert [hit.id for page in pages for hit in page] == [hit.id for hit in by_price]


def test_a_page_without_a_query_is_in_order_whatever_its_products_score(shop: HybridSearch) -> None:
    weights = shop.weights_for(shop.engine.schema())[0]
    popular = weights.model_copy(update={"signals": {**weights.signals, "number.price": 1.0}})
    plan = shop.plan("", sort="price:asc", weights=popular)
    assert shop.engine.search(plan).total == len(TITLES)


@pytest.mark.parametrize("query", ["asdfgh", "qwertzuiop yxcvb", "膣 黷", "zzzz 12345"])
def test_nonsense_finds_nothing(shop: HybridSearch, query: str) -> None:
    page = shop.search(query, facets=["kind"])
    assert (page.total, page.hits, page.facets) == (0, (), {"kind": {}})


def test_a_product_with_a_new_word_is_found_before_the_words_are_read_again(shop: HybridSearch) -> None:
    (live,) = shop.engine.generations()
    shop.upsert({"id": "new", "title": "Xylophone umbrella", "price": 1, "kind": "new"})
    shop.engine.refresh(live.name)
    assert [hit.id for hit in shop.search("xylophone", size=3)] == ["new"]
    shop.delete("new")


def test_a_product_with_a_new_form_of_a_word_is_found_before_the_words_are_read_again(shop: HybridSearch) -> None:
    (live,) = shop.engine.generations()
    lexicon = shop.engine.lexicon()
    assert lexicon.forms("scarf", "en") == lexicon.forms("scarf", "de") == {"scarf"}
    shop.upsert({"id": "new", "title": "Scarfen", "price": 1, "kind": "new"})  # a form of it for German alone
    shop.engine.refresh(live.name)
    assert "new" in [hit.id for hit in shop.search("scarf", size=50)]
    shop.delete("new")
    shop.engine.refresh(live.name)


@pytest.mark.parametrize("query", ["red umbrella", "dress", "strong tape", "dog food 5 kg", "stainless steel sink"])
def test_a_language_that_tells_what_another_one_tells_changes_no_hit_and_no_score(
    shop: HybridSearch, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    short = shop.plan(query, size=50)
    monkeypatch.setattr(planner, "repeated", lambda *_: frozenset[str]())
    whole = shop.plan(query, size=50)
    assert len(repr(short.signals)) < len(repr(whole.signals))
    found, expected = (shop.engine.search(plan) for plan in (short, whole))
    assert [(hit.id, hit.score, hit.signals) for hit in found] == [(hit.id, hit.score, hit.signals) for hit in expected]
    assert found.total == expected.total


@pytest.mark.parametrize(
    "query", ["umbrela " * 30, "the und le", "red 傘 Ł 5kg umbrela", "a" * 100_000, "傘" * 300, "\u0000red", "'-/."]
)
def test_whatever_is_typed_is_answered(shop: HybridSearch, query: str) -> None:
    assert not shop.search(query).degraded


@pytest.mark.parametrize(
    "query", ["asdfgh", "qwertz umbrela plmkn", "set wjkl plmkn vbgt zzxq kkwp qqrt", "ぬゆむへ", "鬱蝋籠"]
)
def test_what_means_nothing_here_finds_nothing_whatever_it_shares_a_word_with(shop: HybridSearch, query: str) -> None:
    for order in (None, "price:asc"):
        page = shop.search(query, facets=["kind"], sort=order)
        assert (page.total, page.hits, page.facets) == (0, (), {"kind": {}})
        assert UNPROVED in page.notes


def test_each_proof_must_hold_and_an_empty_page_names_the_goods_that_the_words_are_near_to(shop: HybridSearch) -> None:
    words = Match("text", (Words("en", (("red",), ("mower",)), (200, 800)),))
    held = Proof(words, None, (), 200)
    lacking = replace(held, needed=500, goods="lawn mower")
    plan = replace(shop.plan("red mower"), proofs=(held,))
    assert shop.engine.search(plan).total >= 20
    page = shop.engine.search(replace(plan, proofs=(held, lacking)))
    assert (page.total, page.notes[-2:]) == (0, (UNPROVED, MEANT.format("lawn mower")))


def test_a_rebuild_knows_which_goods_no_title_names_in_any_language(shop: HybridSearch) -> None:
    live = live_of(shop.engine.generations())
    assert live is not None
    measured = Calibration(0.1, 0.9, tells=0.9, noise=0.5)
    leg = Leg("words", 2, "f", reads=("title",), calibrations={"words": measured})
    found = elsewhere(shop.engine, live.name, replace(shop.engine.schema(), legs=(leg,)))
    assert {"lawn mower", "bread", "table lamp"} <= set(found)
    assert not {"umbrella", "dress", "scarf", "dog food", "cat food"} & set(found)
    assert elsewhere(shop.engine, live.name, shop.engine.schema()) == ()  # no leg reads words


def test_an_empty_page_says_what_would_find_something(shop: HybridSearch) -> None:
    page = shop.search("qwertz umbrela plmkn")
    assert page.suggestions == ("umbrella",)
    assert page.to_json()["suggestions"] == ["umbrella"]
    assert shop.search("umbrella").total >= 6
    assert shop.search("umbrella").suggestions == ()
    assert shop.search("red umbrella", filters={"kind": "nothing"}).suggestions == ("umbrella", "red")


def test_a_word_in_ten_is_enough_where_others_are_known_too(shop: HybridSearch) -> None:
    assert titles(shop, "stainless steel sink with qwertz tap and drain")[0] == "Stainless steel sink"


def test_a_facet_of_a_page_counts_what_a_filter_by_it_finds(shop: HybridSearch) -> None:
    """A part of the products need not prove again that the query means something."""
    page = shop.search("red umbrela", facets=["kind"])
    assert {
        kind: shop.search("red umbrela", filters={"kind": kind}).total for kind in page.facets["kind"]
    } == page.facets["kind"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("1/2 inch hose", '1/2" hose'),
        ("½ zoll", '1/2" hose'),
        ('12"', "12 inch hose"),
        ("15.6 inch", "Laptop 15,6 Zoll"),
        ("galaxy s10+", "Galaxy S10+"),
        ("galaxy s10", "Galaxy S10"),
        ("acdc", "AC/DC poster"),
        ("10000 mah powerbank", "Powerbank 10,000mAh"),
        ("20,000mah", "Powerbank 20000 mAh"),
        ("80 x 40", "Board 80x40cm"),
        ("80x30cm", "Board 80 x 30 cm"),
        ("spf50", "Sunscreen SPF 50"),
        ("m5799", "WF-M5799DWF printer"),
        ("knife", "Knives set"),
        ("8.4 zoll", "Tablet 8.4-inch"),
        ("4 inch", "Red dress 4"),
        ("24x36", 'Frame 24" x 36"'),
        ("500ml", "500毫升 水杯"),
    ],
)
def test_amounts_and_models_are_found_however_they_are_written(shop: HybridSearch, query: str, first: str) -> None:
    assert titles(shop, query)[:1] == [first]


def test_where_no_product_has_the_words_together_those_with_some_of_them_are_found(shop: HybridSearch) -> None:
    page = shop.search("black scarf", facets=["kind"], size=50)
    assert page.total == 32
    assert page.facets["kind"] == {"dress": 20, "scarf": 12}
    assert NOTE in page.notes
    assert shop.search("black scarf", filters={"kind": "scarf"}).total == 12
    assert shop.search("black scarf", sort="price:asc").total > 0


def test_what_a_rule_pins_comes_before_products_with_some_of_the_words_and_not_in_their_place(
    shop: HybridSearch,
) -> None:
    ids = [hit.id for hit in shop.search("scarf black", size=50)]
    assert (ids[:2], len(ids)) == (["1", "50"], 33)
    page = shop.search("scarf black", size=5, page=3)
    assert ([hit.id for hit in page], page.total, NOTE in page.notes) == (ids[10:15], 33, True)
    assert shop.search("scarf black", filters={"kind": "scarf"}).total == 12


def test_a_filter_that_leaves_nothing_does_not_make_the_words_any_weaker(shop: HybridSearch) -> None:
    assert shop.search("red dress").total == 20
    assert shop.search("red dress", filters={"kind": "umbrella"}).total == 0
