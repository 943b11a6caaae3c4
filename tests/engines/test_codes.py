"""Codes of a catalogue are found first, however they are typed, on both engines and whatever the weights are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.search.planner import WINDOW
from hybridsearch.search.weights import Weights
from hybridsearch.texts import text
from hybridsearch.values import Page
from tests.engines.builders import on_both_engines

STAND_OUT = (
    "LS-BL-M", "4711A", "A12", "KT-INS114-DRE", "4006381333931", "978-3-16-148410-0", "WH-1000XM5", "XM5",
    "B07XJ8C8F5", "12.345.67", "AB/12/C", "SKU_0099", "#99-X", "ÄÖ-12", "型番-88", "Ａ１００", "E27", "iPhone15",
    "10x20", "00420", "TP-LINK7", "TP-LINK7-EU", "x.y.z", "1000-200", "BULK-1000",
)  # fmt: skip
"""Codes that are told from everyday words, also in the middle of them."""
EVERYDAY = ("2024", "M8", "RED", "5kg", "1.4m", "100ML", "7", "Q", "1984", "0042", "Boots")
"""Codes that are words, years, numbers, sizes or measures too: found where they are all of the query."""
CODES = (*STAND_OUT, *EVERYDAY)
DECOYS = [
    "Red summer dress", "Red dress red", "Calendar 2024", "Screw M8", "Flour 5 kg", "Rope 1.4m", "Rain boots",
    "Shampoo 100 ml", "Hinge", "Nineteen Eighty-Four 1984", "Dress size 7",
]  # fmt: skip
PRODUCTS: list[dict[str, Any]] = [
    *({"id": f"code{number}", "title": "Bracket", "sku": code} for number, code in enumerate(CODES)),
    *({"id": f"about{number}", "title": f"{code} {code}", "sku": f"zz{number}zz"} for number, code in enumerate(CODES)),
    *({"id": f"decoy{number}", "title": title} for number, title in enumerate(DECOYS)),
    *({"id": f"bulk{number}", "title": "BULK 1000", "sku": f"BULK-1000-{number}"} for number in range(WINDOW + 50)),
]
BY_CODE = {code: f"code{number}" for number, code in enumerate(CODES)}
SEPARATORS = re.compile(r"[-/._#]")
AGAINST = Weights(signals={"title": 5, "text": 3, "all_words": 2, "words.*": 9, "code": 0}, floors={"words": -1})
"""What weights may have been learned that make nothing of codes."""


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue with a vector leg, on the embedded engine and on a server."""
    fields = {"title": "title", "codes": ["sku"], "languages": ["en", "zh"]}
    legs = [{"name": "meaning", "encoder": "starter", "reads": ["title"], "exact": True}]
    with on_both_engines(tmp_path_factory.mktemp("codes"), es_url, PRODUCTS, fields=fields, vectors=legs) as both:
        yield both


def ways(code: str) -> list[str]:
    """Return ways in which people type a code."""
    spaced, joined = SEPARATORS.sub(" ", code), SEPARATORS.sub("", code)
    forms = [code, spaced, joined, f"  {code},", f"({code})"]
    return list(dict.fromkeys(form for way in forms for form in (way, way.lower(), way.upper())))


def found(shop: HybridSearch, typed: str, weights: Weights | None) -> Page:
    """Return the page of a query under weights; without any, under the prior."""
    return shop.engine.search(shop.plan(typed, weights=weights))


def test_there_are_at_least_30_codes_no_two_of_which_are_one() -> None:
    assert len(set(map(text.code, CODES))) == len(CODES) >= 30


@pytest.mark.parametrize("weights", [None, AGAINST], ids=["prior", "learned"])
def test_a_code_is_first_in_whichever_way_it_is_typed(
    shops: tuple[HybridSearch, HybridSearch], weights: Weights | None
) -> None:
    for shop in shops:
        for code, product in BY_CODE.items():
            for typed in ways(code) if weights is None else [code]:
                page = found(shop, typed, weights)
                assert page.hits[0].id == product, (shop, typed)
                assert "code" in page.hits[0].signals


@pytest.mark.parametrize(
    "sentence", ["hinge {}", "{} red dress", "have you got {}?", "SKU:{}", "please, {}; and boots"]
)
def test_a_code_that_stands_out_is_first_among_words_too(
    shops: tuple[HybridSearch, HybridSearch], sentence: str
) -> None:
    for shop in shops:
        for code in STAND_OUT:
            assert shop.search(sentence.format(code)).hits[0].id == BY_CODE[code], (shop, code)


@examples(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CODES), st.data())
def test_a_code_is_first_with_any_separators_in_any_case(
    shops: tuple[HybridSearch, HybridSearch], code: str, data: st.DataObject
) -> None:
    letters = [letter for letter in code if letter.isalnum()]
    cases = [data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in letters]
    joints = [data.draw(st.sampled_from(["", "", "-", " ", "/", ".", "_", " - "])) for _ in letters]
    typed = "".join(map("".join, zip(cases, joints, strict=True)))
    for shop in shops:
        assert shop.search(typed).hits[0].id == BY_CODE[code], (shop, typed)


@pytest.mark.parametrize("typed", ["TP-LINK7", "tp link7", "tplink7"])
def test_what_begins_as_the_query_follows_the_exact_code_and_precedes_all_else(
    shops: tuple[HybridSearch, HybridSearch], typed: str
) -> None:
    for shop in shops:
        for weights in (None, AGAINST):
            hits = found(shop, typed, weights).hits
            assert [hit.id for hit in hits[:2]] == [BY_CODE["TP-LINK7"], BY_CODE["TP-LINK7-EU"]], (shop, weights)
            assert ["code_prefix" in hit.signals for hit in hits[:3]] == [True, True, False]
            assert len(hits) > 2


@pytest.mark.parametrize(
    ("typed", "code"), [("KT-INS114", "KT-INS114-DRE"), ("kt ins 11", "KT-INS114-DRE"), ("4711", "4711A")]
)
def test_a_product_is_found_by_the_beginning_of_its_code(
    shops: tuple[HybridSearch, HybridSearch], typed: str, code: str
) -> None:
    assert [shop.search(typed).hits[0].id for shop in shops] == [BY_CODE[code]] * 2


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("red dress", "Red summer dress"), ("calendar 2024", "Calendar 2024"), ("screw m8", "Screw M8"),
        ("flour 5 kg", "Flour 5 kg"), ("flour 5kg", "Flour 5 kg"), ("rope 1.4 m", "Rope 1.4m"),
        ("rain boots", "Rain boots"), ("shampoo 100ml", "Shampoo 100 ml"), ("dress size 7", "Dress size 7"),
    ],
)  # fmt: skip
def test_everyday_words_that_are_codes_too_do_not_lead_among_others(
    shops: tuple[HybridSearch, HybridSearch], query: str, title: str
) -> None:
    for shop in shops:
        hits = shop.search(query).hits
        assert title in [hit.product["title"] for hit in hits[:2]]
        assert not any("code" in hit.signals for hit in hits)


@pytest.mark.parametrize("query", ["AC-77X", "B07XXXXXXX", "9999", "m9"])
def test_what_no_product_has_as_a_code_is_still_looked_for_as_words(
    shops: tuple[HybridSearch, HybridSearch], query: str
) -> None:
    for shop in shops:
        assert not any("code" in hit.signals for hit in shop.search(query))
        assert shop.search(f"{query} rain boots").hits[0].product["title"] == "Rain boots"


def test_both_engines_give_codes_the_same_scores(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for typed in (*CODES, "tp link7", "KT-INS", "hinge 4711A", "LS-BL-M or XM5"):
        pages = [shop.search(typed) for shop in shops]
        scores = [{hit.id: hit.score for hit in page if "code" in hit.signals} for page in pages]
        assert scores[0] == pytest.approx(scores[1], rel=1e-5), typed
        assert pages[0].total == pages[1].total, typed
