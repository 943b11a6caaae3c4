"""The two engines agree: same catalogue, same queries, same ids in order, totals, facets and scores."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, sample
from hybridsearch.search.weights import prior
from hybridsearch.values import Page
from tests.engines.builders import on_both_engines
from tests.shops import quietly, settings, write_products

SAMPLE = Path(sample.__file__).parent
FIELDS = {
    "title": "title",
    "text": ["description", "brand"],
    "codes": ["sku", "ean"],
    "facets": ["brand", "category", "color", "locale"],
    "numbers": ["price", "rating"],
    "image": "image",
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEGS = [
    {"name": "image", "encoder": "starter", "reads": "image", "exact": True},
    {"name": "words", "encoder": "starter", "reads": ["title"], "exact": True},
]
WEIGHTS = {"signals": {**prior().signals, "grams": 0.2, "number.rating": 0.05}, "saturation": {"*": 8}}
"""Every signal counts, also those that the prior leaves out."""
JUDGED = (SAMPLE / "judgments.tsv").read_text(encoding="utf-8").splitlines()[1:]
QUERIES = list(dict.fromkeys(line.split("\t")[0] for line in JUDGED))
CASES: list[dict[str, Any]] = [
    *({"text": query} for query in QUERIES),
    *({"text": query, "filters": {"color": "red"}, "facets": ["category", "color", "brand"]} for query in QUERIES),
    *({"text": query, "sort": "price:asc", "size": 30} for query in ("red", "dress", "Schuhe")),
    *({"text": query, "sort": "rating:desc", "size": 30} for query in ("red", "dress", "Schuhe")),
    *({"text": "blue bag", "page": page, "size": 7} for page in range(1, 9)),
    *({"text": text, "filters": {"price": {"gte": 20, "lte": 60}}} for text in ("coat", "椅子", "chaussures", "bolso")),
    *({"text": text} for text in ("", "!!!", "*", "title:red OR blue", "😀", "a", "the", "的", "x" * 300, "zzzz qqqq")),
    {"text": "", "filters": {"color": ["red", "blue"]}, "facets": ["color", "locale"], "size": 50},
    {"text": "", "filters": {"rating": {"gte": 4}}, "sort": "price:desc", "size": 50},
    {"image": SAMPLE / "photo.jpg", "facets": ["category"], "size": 40},
    {"image": SAMPLE / "photo.jpg", "text": "blue", "facets": ["color"], "size": 40},
    {"image": SAMPLE / "photo.jpg", "filters": {"price": {"lte": 50}}},
    {
        "image": SAMPLE / "photo.jpg",
        "text": "red",
        "filters": {"price": {"gt": 20, "lt": 90}, "color": {"none": "black"}, "brand": {"exists": True}},
        "facets": {"color": {"order": "asc"}, "price": {"ranges": [20, 50]}, "brand": {"size": 3}},
        "size": 60,
    },
]


DATED_FIELDS = {
    "title": "title",
    "facets": ["brand", "flag"],
    "numbers": ["price"],
    "dates": ["released", "meta.seen"],
    "booleans": ["in_stock", "flag"],
}
FORMS: list[Callable[[datetime], Any]] = [
    lambda moment: moment.isoformat(),
    lambda moment: moment.isoformat().replace("+00:00", "Z"),
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    lambda moment: moment.astimezone(timezone(timedelta(hours=-5))).isoformat(),
    lambda moment: int(moment.timestamp()) if moment.year > 2001 else moment.isoformat(),
    lambda moment: str(int(moment.timestamp() * 1000)) if moment.year > 2001 else moment.isoformat(),
    lambda moment: None,
]
ANSWERS = {True: True, "ja": True, "Yes": True, "いいえ": False, False: False, "nein": False, None: None, "": None}
WORDS = list(ANSWERS)


def released(number: int) -> datetime:
    """Return when a product came out: a day between 1966 and 2046, far from those of its neighbours."""
    return datetime(1966, 12, 30, 20, tzinfo=UTC) + timedelta(days=number * 97 % 80 * 365 + number * 11 % 365)


DATED: list[dict[str, Any]] = [
    {
        "id": f"p{number}",
        "title": f"red dress {'long ' * (number % 4)}",
        "brand": ["Acme", "Borealis", "Cumulus"][number % 3],
        "price": number * 7 % 40,
        "released": FORMS[number % 7](released(number)),
        "meta": {"seen": FORMS[number * 3 % 7](datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=number // 2 * 9))},
        "in_stock": WORDS[number % 8],
        "flag": WORDS[number % 5],
    }
    for number in range(120)
]
SEEN = "2025-01-08T12:00:00Z"
DATED_CASES: list[dict[str, Any]] = [
    *({"text": text, "sort": order, "size": 200} for text in ("", "dress") for order in ("released", "in_stock:desc")),
    *({"sort": order, "page": page, "size": 25} for order in ("meta.seen:desc", "flag:asc") for page in range(1, 6)),
    *(
        {"filters": {"released": value}, "size": 200}
        for value in ("1970", "2005-03", {"lte": "1969-12-31"}, {"gte": 0})
    ),
    *({"filters": {"released": {"gte": low, "lte": "2030"}}, "size": 9} for low in ("1990-06-01T12:00:00Z", date.min)),
    *({"filters": {"meta.seen": value}, "size": 99} for value in (SEEN, SEEN[:10], {"gte": SEEN}, {"lte": SEEN})),
    *({"filters": {"in_stock": value}, "size": 200} for value in (True, "nein", ["yes", "no"], [], "")),
    {
        "text": "red dress",
        "filters": {"in_stock": "はい", "released": {"gte": "1980"}},
        "facets": ["in_stock", "brand"],
    },
    {"text": "long", "facets": ["in_stock", "flag"], "filters": {"price": {"lte": 20}}},
    {"text": "", "facets": ["in_stock"], "filters": {"in_stock": False}, "sort": "price:asc"},
    {"text": "", "facets": ["flag"], "filters": {"flag": "true"}, "sort": "released:desc"},
    {"text": "", "facets": ["in_stock"], "filters": {"released": {"gte": "2200"}}},
]


@pytest.fixture(scope="module")
def dated(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """A catalogue with dates and truth values in every form, on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("dated"), es_url, DATED, fields=DATED_FIELDS) as both:
        yield both


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    with HybridSearch.open(sample_settings(tmp_path_factory.mktemp("embedded"))) as shop:
        shop.reindex()
        yield shop


@pytest.fixture(scope="module")
def server(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    name = "test-contract"
    engine = {"url": es_url, "index": name, "replicas": 0}
    with HybridSearch.open(sample_settings(tmp_path_factory.mktemp("server"), engine=engine)) as shop:
        report = shop.reindex()
        with Elasticsearch(es_url) as client:
            # A walk through the graphs of several segments may miss a neighbour; through one it is exact at this size.
            client.indices.forcemerge(index=name, max_num_segments=1)
        yield shop
        shop.engine.discard(report.generation)


def sample_settings(folder: Path, **changes: Any) -> Any:
    (folder / "weights.json").write_text(json.dumps(WEIGHTS), encoding="utf-8")
    catalog, weights = {"path": str(SAMPLE / "products.jsonl")}, {"path": "weights.json"}
    return settings(folder, catalog=catalog, fields=FIELDS, vectors=LEGS, weights=weights, **changes)


def codes() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{"text": row[name]} for row in rows[::20] for name in ("sku", "title") if row.get(name)]


def test_there_are_at_least_200_queries() -> None:
    assert len(CASES) + len(codes()) >= 200


def test_both_engines_give_the_same_pages(embedded: HybridSearch, server: HybridSearch) -> None:
    for case in [*CASES, *codes()]:
        same(embedded.search(**case), server.search(**case), str(case))


def same(embedded: Page, server: Page, case: str) -> None:
    assert embedded.total == server.total, case
    assert embedded.facets == server.facets, case
    assert list(map(list, embedded.facets.values())) == list(map(list, server.facets.values())), case
    assert [hit.score for hit in embedded] == pytest.approx([hit.score for hit in server], abs=1e-4), case
    assert [hit.id for hit in embedded] == [hit.id for hit in server], case
    for ours, theirs in zip(embedded, server, strict=True):
        assert dict(ours.signals) == pytest.approx(dict(theirs.signals), abs=1e-4), case


def test_a_count_is_what_a_click_shows_at_least_where_neighbours_are_found_too(
    embedded: HybridSearch, server: HybridSearch
) -> None:
    """A click has neighbours of its own; what is picked already is counted as the page shows it."""
    for shop in (embedded, server):
        page = shop.search("dress", filters={"color": "red"}, facets=["color"])
        assert page.facets["color"]["red"] == page.total == shop.search("dress", filters={"color": "red"}).total
        assert len(page.facets["color"]) > 3
        for color, count in page.facets["color"].items():
            assert 0 < count <= shop.search("dress", filters={"color": color}).total


def test_pages_follow_each_other_without_gaps_or_repeats(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        whole = [hit.id for hit in shop.search("red dress", size=50)]
        pages = [hit.id for page in range(1, 6) for hit in shop.search("red dress", size=10, page=page)]
        assert pages == whole


def test_the_score_is_the_sum_of_the_signals(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        for hit in shop.search("red dress", size=20):
            assert hit.score == pytest.approx(sum(hit.signals.values()), abs=1e-4)


def test_in_the_order_of_price_the_page_holds_what_was_asked_for(embedded: HybridSearch, server: HybridSearch) -> None:
    """Scissors, sweaters and drills came first, the cheapest of the hundred neighbours, and none of the umbrellas."""
    for shop in (embedded, server):
        page = shop.search("umbrella", sort="price:asc", facets=["category"])
        assert page.total == len(page) <= 10
        assert page.facets["category"]["umbrella"] == 8  # all that there are
        assert [hit.product["price"] for hit in page] == sorted(hit.product["price"] for hit in page)


def test_filtered_hits_are_among_the_unfiltered(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        everything = {hit.id for hit in shop.search("red", size=500)}
        cheap = shop.search("red", filters={"price": {"lte": 40}}, size=500)
        assert all(hit.product["price"] <= 40 for hit in cheap)
        assert {hit.id for hit in cheap if "text" in hit.signals} <= everything


def test_dates_and_truth_values_are_filtered_counted_and_sorted_alike(dated: tuple[HybridSearch, HybridSearch]) -> None:
    ours, theirs = dated
    for case in DATED_CASES:
        same(ours.search(**case), theirs.search(**case), str(case))


def test_dates_are_in_order_and_ranges_hold_what_lies_in_them(dated: tuple[HybridSearch, HybridSearch]) -> None:
    moments = {row["id"]: released(number) for number, row in enumerate(DATED) if row["released"]}
    for shop in dated:
        ordered = [hit.id for hit in shop.search(sort="released:desc", size=200)]
        assert len(ordered) == 120
        assert ordered[: len(moments)] == sorted(moments, key=lambda key: moments[key], reverse=True)
        seventies = shop.search(filters={"released": {"gte": "1970-01-01", "lte": "1979-12-31"}}, size=200)
        assert {hit.id for hit in seventies} == {key for key, moment in moments.items() if 1970 <= moment.year < 1980}
        assert 0 < seventies.total < 30


@pytest.mark.parametrize("field", ["released", "price", "in_stock"])
def test_a_page_may_end_among_the_products_that_lack_what_they_are_ordered_by(
    dated: tuple[HybridSearch, HybridSearch], field: str
) -> None:
    for order in ("asc", "desc"):
        pages = [
            [
                [hit.id for number in range(1, 13) for hit in shop.search(sort=f"{field}:{order}", page=number)],
                [hit.id for hit in shop.search(sort=f"{field}:{order}", size=200)],
            ]
            for shop in dated
        ]
        assert pages[0][0] == pages[0][1]
        assert pages[0] == pages[1]


def test_truth_values_are_one_whatever_their_words(dated: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in dated:
        page = shop.search(sort="in_stock:desc", facets=["in_stock"], size=200)
        assert list(page.facets["in_stock"].items()) == [("false", 45), ("true", 45)]
        said = [ANSWERS[WORDS[int(hit.id[1:]) % 8]] for hit in page]
        assert said == [True] * 45 + [False] * 45 + [None] * 30


ZEROS: list[Any] = [0, -0.0, "-0", "-0.0", [-0.0, 5], 1, -1]
ABOUT_ZERO: list[Any] = [0, -0.0, "-0", {"gte": 0}, {"gte": -0.0}, {"lte": 0}, {"lte": -0.0}, {"gte": 0, "lte": -0.0}]


def test_zero_is_found_however_it_is_written(es_url: str, tmp_path: Path) -> None:
    """Attack: a price of -0.0, which Elasticsearch holds to be less than 0."""
    rows = [{"id": str(number), "title": "hat", "price": price} for number, price in enumerate(ZEROS)]
    write_products(tmp_path / "products.jsonl", rows)
    weights = {"signals": {**prior().signals, "number.price": 0.5}, "saturation": {"*": 8}}
    (tmp_path / "weights.json").write_text(json.dumps(weights), encoding="utf-8")
    fields, engine = {"title": "title", "numbers": ["price"]}, {"url": es_url, "index": "test-zero", "replicas": 0}
    opened = [
        HybridSearch.open(settings(tmp_path, fields=fields, weights={"path": "weights.json"}, **on))
        for on in ({}, {"engine": engine})
    ]
    with opened[0] as ours, opened[1] as theirs:
        reports = [shop.reindex(options=quietly()) for shop in (ours, theirs)]
        for wanted in ABOUT_ZERO:
            upper, lower = (isinstance(wanted, dict) and side not in wanted for side in ("lte", "gte"))
            expected = {*"01234", *("5" * upper), *("6" * lower)}
            for shop in (ours, theirs):
                assert {hit.id for hit in shop.search(filters={"price": wanted})} == expected, (shop, wanted)
        for case in ({"text": "hat"}, {"sort": "price:asc"}, {"sort": "price:desc"}, {"text": "hat", "size": 3}):
            same(ours.search(**case), theirs.search(**case), str(case))
        theirs.engine.discard(reports[1].generation)
