"""Suggestions on both engines: the same ones, in six languages, each of which finds as many products as it says.

What is known of a shop is kept by `suggesting`; what is counted beside the candidates, by `beside`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.document import searched
from hybridsearch.errors import QueryError
from hybridsearch.suggestion import Suggestions
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses, is_cjk
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]
LANGUAGES = ["en", "de", "fr", "es", "ja", "zh"]
SAMPLE = Path(__file__).parents[2] / "hybridsearch" / "sample" / "products.jsonl"
PRODUCTS: list[dict[str, Any]] = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
FIELDS = {
    "title": "title",
    "text": ["description"],
    "codes": ["sku"],
    "facets": ["category", "brand", "color"],
    "numbers": ["price"],
    "languages": LANGUAGES,
}
TITLES = [row["title"] for row in PRODUCTS]


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The sample catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("suggest"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


def shown(found: Suggestions) -> list[tuple[str, str, int]]:
    return [(each.text, each.kind, each.count) for each in found]


def passes(row: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    return all(row.get(name) == value for name, value in filters.items())


def has_all(row: Mapping[str, Any], query: str, shop: HybridSearch) -> bool:
    """Tell whether a product has all words of a query in one language: by its tokens, without a plan or an engine."""
    fields = shop.settings.fields
    stop = {word for language in LANGUAGES for word in analyses()[language]["stopwords"]}
    words = text.query_words(query)
    wanted = " ".join([word for word in words if word not in stop] or words)
    kept = text.fields_by_language(searched(row, fields), LANGUAGES)
    asked = text.fields_by_language(wanted, LANGUAGES)
    runs = any(map(text.is_run, words))
    return not words or any(
        set(text.analyse(asked[language], language)) <= set(text.analyse(kept.get(language, ""), language))
        for language in asked
        if is_cjk(language) is runs
    )


def count(shop: HybridSearch, query: str, filters: Mapping[str, Any]) -> int:
    return sum(passes(row, filters) and has_all(row, query, shop) for row in PRODUCTS)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("umb", ("umbrella", "word", 8)),
        ("red umb", ("red umbrella", "word", 2)),
        ("Red UMB", ("red umbrella", "word", 2)),
        ("umbrela", ("umbrella", "word", 8)),
        ("redd umbr", ("umbrella", "word", 8)),
        ("mochi", ("mochila", "word", 5)),
        ("armbandu", ("armbanduhr", "word", 5)),
        ("casqu", ("casquette", "word", 5)),
        ("自転", ("自転車", "word", 5)),
        ("雨", ("雨伞", "word", 5)),
        ("红色雨", ("红色雨伞", "word", 1)),
        ("あーむ", ("アームチェア", "word", 5)),
        ("t-sh", ("t-shirt", "word", 7)),
    ],
)
def test_what_is_typed_is_completed_in_six_languages(shops: Shops, typed: str, first: tuple[str, str, int]) -> None:
    for shop in shops:
        found = shop.suggest(typed)
        assert shown(found)[0] == first
        assert found.products
        assert found.degraded == ()


def test_categories_and_brands_are_suggested_with_the_words_before_them(shops: Shops) -> None:
    for shop in shops:
        assert ("umbrella", "category", 8) in shown(shop.suggest("umb"))
        category = next(each for each in shop.suggest("red umb") if each.kind == "category")
        assert (category.query, category.filters, category.count) == ("red", {"category": "umbrella"}, 2)
        brand = next(each for each in shop.suggest("tirr") if each.kind == "brand")
        assert (brand.text, brand.query, brand.filters) == ("Tirrendo", "", {"brand": "Tirrendo"})
        assert brand.count == sum(row.get("brand") == "Tirrendo" for row in PRODUCTS)


def test_products_have_the_words_and_the_last_one_with_any_ending(shops: Shops) -> None:
    for shop in shops:
        products = shop.suggest("red umb").products
        assert [hit.id for hit in products] == ["S0482", "S0326"]
        assert products[0].product["image"] == "images/S0482.webp"


def test_only_what_passes_the_filters_is_counted_and_shown(shops: Shops) -> None:
    for shop in shops:
        found = shop.suggest("umb", filters={"color": "red"})
        assert shown(found) == [("umbrella", "word", 2), ("umbrella", "category", 2)]
        assert {hit.product["color"] for hit in found.products} == {"red"}
        assert shown(shop.suggest("umb", filters={"brand": "Nobody"})) == []


def test_nothing_typed_shows_what_is_popular(shops: Shops) -> None:
    for shop in shops:
        found = shop.suggest(size=4)
        assert [each.kind for each in found] == ["category"] * 3 + ["brand"]
        assert [each.count for each in found] == [8, 8, 8, 64]
        assert shown(shop.suggest(" \t")) == shown(shop.suggest("?!")) == shown(shop.suggest(""))


ODD = [
    "a" * 100_000,
    "umb " * 30_000,
    "\0",
    "um\0b",
    "\ud800",
    "\udfffumb",
    "!?-",
    "*",
    "umb*",
    '"umb',
    "色" * 5_000,
    "\n",
]


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
def test_any_text_is_answered(shops: Shops, typed: str) -> None:
    ours, theirs = (shop.suggest(typed) for shop in shops)
    assert shown(ours) == shown(theirs)
    assert len(ours.query) == len(typed)


@pytest.mark.parametrize("typed", ["umbrella ", "the ", "a ", "rot und ", "[a-z]+", '{"match_all":{}}'])
def test_behind_a_whole_word_nothing_is_suggested_that_has_nothing_to_do_with_it(shops: Shops, typed: str) -> None:
    """Where no title goes on, the most frequent words of the whole shop are no continuation."""
    stems = {stemming.stem(word, language) for word in text.words(typed) for language in LANGUAGES}
    for shop in shops:
        for each in shop.suggest(typed):
            shown = f"{each.text} {each.query}"
            assert stems & {stemming.stem(word, language) for word in text.words(shown) for language in LANGUAGES}, (
                shown
            )


@pytest.mark.parametrize("size", [-1, 51, 10**12, "8", None])
def test_as_many_as_nobody_shows_are_refused(shops: Shops, size: Any) -> None:
    for shop in shops:
        with pytest.raises(QueryError):
            shop.suggest("umb", size=size)


def test_there_are_as_many_as_are_wanted_and_none_of_them_twice(shops: Shops) -> None:
    for shop in shops:
        for size in (0, 1, 3, 8, 50):
            found = shown(shop.suggest("b", size=size))
            assert len(found) == min(size, len(shown(shop.suggest("b", size=50))))
            assert len({(each[0], each[1]) for each in found}) == len(found)


def test_the_client_for_asyncio_gives_the_same(shops: Shops) -> None:
    async def suggested(shop: HybridSearch, texts: Iterable[str]) -> list[list[tuple[str, str, int]]]:
        async with AsyncHybridSearch.open(shop.settings) as other:
            return [shown(await other.suggest(typed, size=6)) for typed in texts]

    for shop in shops:
        typed = ("red umb", "", "自転")
        assert asyncio.run(suggested(shop, typed)) == [shown(shop.suggest(each, size=6)) for each in typed]


beginnings = st.sampled_from(TITLES).flatmap(lambda title: st.integers(1, len(title)).map(lambda end: title[:end]))


def mistyped(typed: str) -> st.SearchStrategy[str]:
    """Return the text with one of its letters left out."""
    return st.integers(0, len(typed) - 1).map(lambda place: typed[:place] + typed[place + 1 :])


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    typed=st.one_of(beginnings, beginnings.flatmap(mistyped), st.text(max_size=12)),
    filters=st.sampled_from([{}, {"color": "red"}, {"brand": "Tirrendo"}, {"color": "grey", "category": "hammer"}]),
)
def test_each_suggestion_finds_something_and_counts_right(shops: Shops, typed: str, filters: dict[str, str]) -> None:
    ours, theirs = (shop.suggest(typed, filters=filters) for shop in shops)
    assert ours.suggestions == theirs.suggestions
    assert [hit.id for hit in ours.products] == [hit.id for hit in theirs.products]
    for each in ours:
        assert each.count == count(shops[0], each.query, {**filters, **each.filters}) > 0
        for shop in shops:
            assert shop.search(each.query, filters={**filters, **each.filters}, size=0).total > 0
        assert shops[0].search(each.text, size=0).total > 0


def test_an_index_with_one_product_and_one_language_suggests_its_words(es_url: str, tmp_path: Path) -> None:
    rows = [{"id": "1", "title": "Blue kettle"}]
    with on_both_engines(tmp_path, es_url, rows, fields={"title": "title", "languages": ["de"]}) as both:
        for shop in both:
            assert shown(shop.suggest("ket")) == [("kettle", "word", 1)]
            assert shown(shop.suggest("")) == []


def test_phrases_are_those_of_a_sample_of_the_whole_catalogue_the_same_on_both_engines(
    es_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybridsearch.search.suggest.known.TITLES", 60)
    late = [("zinc watering can", 40), ("solar path light", 40)]
    titles = [*[f"copper kettle {n}" for n in range(200)], *[title for title, count in late for _ in range(count)]]
    rows = [{"id": f"{n:03}", "title": title, "brand": f"brand {n % 7}"} for n, title in enumerate(titles)]
    with on_both_engines(tmp_path, es_url, rows, fields={"title": "title", "facets": ["brand"]}) as both:
        read = [
            shop.engine.search(shop.suggesting.reading(shop.engine.schema(), shop.engine.lexicon())) for shop in both
        ]
        ours, theirs = ([hit.id for hit in page] for page in read)
        assert ours == theirs
        assert 40 < len(ours) <= 60
        assert {key > "200" for key in ours} == {True, False}
        for page, shop in zip(read, both, strict=True):
            assert page.facets["brand"] == {f"brand {n}": 40 for n in range(7)}
            assert ("zinc watering can", "word", 40) in shown(shop.suggest("zinc"))
            assert ("solar path light", "word", 40) in shown(shop.suggest("solar"))
