"""The one request: the exact body for each kind of plan, with `matches` and what stands `beside`, and the `page`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch.engines.elasticsearch.mapping import from_source, to_mapping, to_source
from hybridsearch.engines.elasticsearch.request import request
from hybridsearch.engines.elasticsearch.request.filters import filter_clause
from hybridsearch.engines.elasticsearch.request.page import to_page
from hybridsearch.engines.elasticsearch.request.request import to_elasticsearch
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search.clauses import Codes, Condition, Cosine, Counted, Match, Neighbours, Number, Saturated, Words
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import AnyOf, Exists, Not, OneVariant, Range, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.values import Document, FacetDetails, Hit, Page, Stored, Vector

RED = (("en", ("red", "dress")),)
EAST = Vector([1, 0])
NEAR = Neighbours("image", EAST, k=100, explore=200, floor=0.25)
REST = {"from": 0, "size": 10, "track_total_hits": True, "_source": {"excludes": ["hybrid"]}}
MATCH = {"match": {"hybrid.text.en": {"query": "red dress", "minimum_should_match": 1}}}
KNN = {
    "field": "hybrid.vectors.image",
    "query_vector": [1.0, 0.0],
    "k": 100,
    "num_candidates": 200,
    "similarity": 0.25,
    "boost": 1000.0,
}
ACME = {"terms": {"hybrid.facets.brand": ["Acme"]}}
CHEAP = {"range": {"hybrid.numbers.price": {"lte": 50.0}}}


def body(plan: Plan, **options: Any) -> dict[str, Any]:
    """Return the request body as the server reads it."""
    written = orjson.dumps(to_elasticsearch(plan, **options), option=orjson.OPT_SERIALIZE_NUMPY)
    found: dict[str, Any] = orjson.loads(written)
    return found


def found(*should: dict[str, Any], filters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"bool": {"should": list(should), "minimum_should_match": 1, "filter": list(filters)}}


def rescored(*clauses: dict[str, Any]) -> dict[str, Any]:
    query = {
        "query_weight": 1e-9,
        "rescore_query_weight": 1.0,
        "score_mode": "total",
        "rescore_query": {"bool": {"should": list(clauses)}},
    }
    return {"window_size": 400, "query": query}


def test_words() -> None:
    text = Match.alike("text", RED)
    plan = Plan("words", "2 words", keyword=text, signals=(Saturated("text", 0.5, text, 8.0),))
    script = {"source": "params.w * _score / (_score + params.k)", "params": {"w": 0.5, "k": 8.0}}
    clause = {"script_score": {"query": MATCH, "script": script, "_name": "text"}}
    assert body(plan) == {"query": found(MATCH), **REST, "rescore": rescored(clause)}


def test_words_in_two_languages_count_in_the_better_one() -> None:
    plan = Plan(
        "words", "", keyword=Match.alike("title", (("en", ("red", "dresses", "x")), ("de", ("red",))), share=0.6)
    )
    both = [
        {"match": {"hybrid.title.en": {"query": "red dresses x", "minimum_should_match": 2}}},
        {"match": {"hybrid.title.de": {"query": "red", "minimum_should_match": 1}}},
    ]
    assert body(plan) == {"query": found({"dis_max": {"queries": both}}), **REST}


def test_a_word_that_other_tokens_stand_for_counts_by_the_best_of_them() -> None:
    words = Words("en", (("tshirt", "shirt"), ("red",)), (1, 1), 2)
    either = [{"term": {"hybrid.text.en": {"value": token}}} for token in ("tshirt", "shirt")]
    assert body(Plan("words", "", keyword=Match("text", (words,)))) == {
        "query": found(
            {
                "bool": {
                    "should": [{"dis_max": {"queries": either}}, {"term": {"hybrid.text.en": {"value": "red"}}}],
                    "minimum_should_match": 2,
                }
            }
        ),
        **REST,
    }


def test_words_that_are_needed_whichever_others_there_are_stand_apart() -> None:
    words = Words("en", (("umbrella", "brolly"), ("red",), ("blue",)), (500, 300, 200), 700)
    umbrella = {"dis_max": {"queries": [{"term": {"hybrid.text.en": {"value": word}}} for word in words.tokens[0]]}}
    colours = [{"term": {"hybrid.text.en": {"value": word}}} for word in ("red", "blue")]
    either = {"bool": {"must": [umbrella], "should": colours, "minimum_should_match": 1}}
    assert body(Plan("words", "", keyword=Match("text", (words,))))["query"] == found(either)
    alone = Words("en", words.tokens, words.tells, 500)
    assert alone.certain is None  # or red and blue, without it
    first = Words("en", (("umbrella",), ("red",)), (600, 400), 600)
    rest = {"must": [{"term": {"hybrid.text.en": {"value": "umbrella"}}}], "should": colours[:1]}
    asked = body(Plan("words", "", keyword=Match("text", (first,))))["query"]
    assert asked == found({"bool": {**rest, "minimum_should_match": 0}})


def test_words_that_tell_more_may_do_without_others() -> None:
    words = Words("en", (("umbrella",), ("red",), ("blue",)), (600, 250, 150), 300)
    asked = body(Plan("words", "", keyword=Match("text", (words,))))["query"]["bool"]["should"][0]["bool"]
    assert asked["should"] == [{"term": {"hybrid.text.en": {"value": word}}} for word in ("umbrella", "red", "blue")]
    counted = [
        {"constant_score": {"filter": {"terms": {"hybrid.text.en": [word]}}, "boost": tells}}
        for word, tells in (("umbrella", 600), ("red", 250), ("blue", 150))
    ]
    assert asked["filter"] == [
        {"terms": {"hybrid.text.en": ["umbrella", "red"]}},  # 250 and 150 are enough, 150 alone is not
        {"function_score": {"query": {"bool": {"should": counted}}, "min_score": 300}},
    ]


def test_a_code() -> None:
    codes = Codes(("ac1001", "ac"))
    exact = {"terms": {"hybrid.codes": ["ac1001", "ac"]}}
    assert body(Plan("code", "", codes=codes, signals=(Condition("code", 1.0, codes),))) == {
        "query": found({"constant_score": {"filter": exact, "boost": 50_000.0}}),
        **REST,
        "rescore": rescored({"constant_score": {"filter": exact, "boost": 1.0, "_name": "code"}}),
    }


def test_the_beginning_of_a_code() -> None:
    begun = Codes((), ("ac1001",))
    exact, prefix = {"terms": {"hybrid.codes": ["ac"]}}, {"prefix": {"hybrid.codes": {"value": "ac1001"}}}
    plan = Plan("code", "", codes=Codes(("ac",), ("ac1001",)), signals=(Condition("code_prefix", 1.0, begun),))
    lifted = [
        {"constant_score": {"filter": exact, "boost": 50_000.0}},
        {"constant_score": {"filter": prefix, "boost": 20_000.0}},
    ]
    assert body(plan) == {
        "query": found(*lifted),
        **REST,
        "rescore": rescored({"constant_score": {"filter": prefix, "boost": 1.0, "_name": "code_prefix"}}),
    }


def test_either_of_several_codes_and_beginnings() -> None:
    either = [{"terms": {"hybrid.codes": ["ac"]}}, *({"prefix": {"hybrid.codes": {"value": start}}} for start in "ab")]
    assert request.codes(Codes(("ac",), ("a", "b"))) == {"bool": {"should": either}}


def test_a_photo() -> None:
    signal = Cosine("photo.image", 1.0, "image", EAST, low=0.5, high=1.0)
    source = "params.w * Math.max(0.0, (dotProduct(params.q, params.f) - params.lo) / (params.hi - params.lo))"
    params = {"w": 1.0, "q": [1.0, 0.0], "f": "hybrid.vectors.image", "lo": 0.5, "hi": 1.0}
    script = {"source": source, "params": params}
    clause = {"query": {"exists": {"field": "hybrid.vectors.image"}}, "script": script, "_name": "photo.image"}
    assert body(Plan("photo", "", neighbours=(NEAR,), signals=(signal,))) == {
        "query": found({"knn": KNN}),
        **REST,
        "rescore": rescored({"script_score": clause}),
    }


def test_a_number() -> None:
    plan = Plan("words", "", keyword=Match.alike("text", RED), signals=(Number("number.price", 0.2, "price", 50.0),))
    source = (
        "def numbers = doc[params.f]; if (numbers.size() == 0) { return 0.0; } "
        "double v = Math.max(0.0, numbers.value); return params.w * v / (v + params.k)"
    )
    script = {"source": source, "params": {"w": 0.2, "k": 50.0, "f": "hybrid.numbers.price"}}
    clause = {"query": {"exists": {"field": "hybrid.numbers.price"}}, "script": script, "_name": "number.price"}
    assert body(plan)["rescore"] == rescored({"script_score": clause})


FILTERED = Plan(
    "words",
    "",
    keyword=Match.alike("text", RED),
    neighbours=(NEAR,),
    filters=(Terms("brand", ("Acme",)), Range("price", lte=50.0)),
)


def test_filters_hold_for_words_and_for_every_neighbour() -> None:
    knn = {"knn": {**KNN, "filter": [ACME, CHEAP]}}
    assert body(FILTERED) == {"query": found(MATCH, knn, filters=(ACME, CHEAP)), **REST}


def test_a_filter_that_neighbours_pass_later_is_no_filter_of_theirs() -> None:
    later = replace(FILTERED, neighbours=(replace(NEAR, later=FILTERED.filters[1:]),))
    knn = {"knn": {**KNN, "filter": [ACME]}}
    assert body(later) == {"query": found(MATCH, knn, filters=(ACME, CHEAP)), **REST}


def test_a_filter_on_the_field_of_a_facet_leaves_hits_out_and_no_counts() -> None:
    plan = replace(FILTERED, facets=(Facet("brand"), Facet("color")))
    nearest = {"knn": {**KNN, "filter": [ACME, CHEAP]}}
    wider = {"bool": {"filter": [{"knn": {**KNN, "filter": [CHEAP]}}]}}
    order = [{"_count": "desc"}, {"_key": "asc"}]
    by_color = {"terms": {"field": "hybrid.facets.color", "size": 100, "order": order}}
    assert body(plan) == {
        "query": found(MATCH, nearest, wider, filters=(CHEAP,)),
        **REST,
        "post_filter": {"bool": {"filter": [ACME]}},
        "aggs": {
            "facet0": {"terms": {"field": "hybrid.facets.brand", "size": 100, "order": order}},
            "facet1": {"filter": {"bool": {"filter": [ACME]}}, "aggs": {"counts": by_color}},
        },
    }


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (Terms("brand", ("Acme", "B")), {"terms": {"hybrid.facets.brand": ["Acme", "B"]}}),
        (Terms("attrs.color", ()), {"terms": {"hybrid.facets.attrs.color": []}}),
        (Range("price", gte=1, lte=2), {"range": {"hybrid.numbers.price": {"gte": 1, "lte": 2}}}),
        (Range("price", gte=0), {"range": {"hybrid.numbers.price": {"gte": 0}}}),
        (Range("released", gte=-1, role="dates"), {"range": {"hybrid.dates.released": {"gte": -1}}}),
        (Terms("in_stock", (True,), "booleans"), {"terms": {"hybrid.booleans.in_stock": [True]}}),
        (Range("price", gt=1, lt=2), {"range": {"hybrid.numbers.price": {"gt": 1, "lt": 2}}}),
        (Exists("brand"), {"exists": {"field": "hybrid.facets.brand"}}),
        (
            Exists("br*nd"),
            {"script": {"script": {"source": "doc[params.f].size() > 0", "params": {"f": "hybrid.facets.br*nd"}}}},
        ),
        (Not(Terms("brand", ("Acme",))), {"bool": {"must_not": [ACME]}}),
        (
            AnyOf(((Terms("brand", ("Acme",)),), ())),
            {"bool": {"should": [{"bool": {"filter": [ACME]}}, {"bool": {"filter": []}}], "minimum_should_match": 1}},
        ),
        (AnyOf(()), {"match_none": {}}),
    ],
)
def test_a_filter(clause: Terms | Range, expected: dict[str, Any]) -> None:
    assert filter_clause(clause) == expected


def test_one_filter_on_variants_is_asked_of_the_values_of_all_and_several_of_each_variant() -> None:
    """Some variant is red exactly if the product has a red one; a red one and an L may be two."""
    color, size = Terms("v.color", ("red",)), Terms("v.size", ("L",))
    red, large = ({"terms": {f"hybrid.variants.facets.{each.field}": list(each.values)}} for each in (color, size))
    assert filter_clause(OneVariant((color,))) == {"bool": {"filter": [red]}}
    either = {"bool": {"should": [{"bool": {"filter": [part]}} for part in (red, large)], "minimum_should_match": 1}}
    assert filter_clause(OneVariant((AnyOf(((color,), (size,))),))) == {"bool": {"filter": [either]}}
    for inside in ((color, size), (Not(color),), (AnyOf(((color, size),)),)):
        assert filter_clause(OneVariant(inside))["nested"]["path"] == "hybrid.variants"


def test_browsing_finds_all_products_that_pass_the_filters() -> None:
    plan = Plan("browse", "", filters=(Terms("brand", ("Acme",)),), sort=(Sort("price"),))
    assert body(plan) == {
        "query": {"bool": {"filter": [{"match_all": {}}, ACME]}},
        **REST,
        "sort": [{"hybrid.numbers.price": {"order": "asc", "missing": "_last"}}, {"hybrid.id": "asc"}],
    }


def test_an_empty_query_finds_nothing_and_never_everything() -> None:
    assert body(Plan("empty", "")) == {"query": {"match_none": {}}, **REST}
    assert body(Plan("empty", "", filters=(Terms("brand", ("Acme",)),)))["query"] == {"match_none": {}}


def test_an_order_takes_the_place_of_the_scores_over_the_same_candidates() -> None:
    text = Match.alike("text", RED)
    scored = Plan("words", "", keyword=text, neighbours=(NEAR,), signals=(Saturated("text", 0.5, text, 8.0),))
    ordered = body(replace(scored, sort=(Sort("price", descending=True),)))
    assert "rescore" not in ordered
    assert ordered["query"] == body(scored)["query"]
    assert ordered["sort"][0] == {"hybrid.numbers.price": {"order": "desc", "missing": "_last"}}


def test_facets_are_counted_the_most_frequent_first() -> None:
    order = [{"_count": "desc"}, {"_key": "asc"}]
    assert body(Plan("words", "", keyword=Match.alike("text", RED), facets=(Facet("brand"),)))["aggs"] == {
        "facet0": {"terms": {"field": "hybrid.facets.brand", "size": 100, "order": order}}
    }


def test_dates_and_booleans_are_sorted_and_counted_like_the_others() -> None:
    order = [{"_count": "desc"}, {"_key": "asc"}]
    ordered = Plan("browse", "", facets=(Facet("in_stock", "booleans"),), sort=(Sort("released", True, "dates"),))
    asked = body(ordered)
    released = {"order": "desc", "missing": "_last", "format": "strict_date_optional_time"}
    assert asked["sort"] == [{"hybrid.dates.released": released}, {"hybrid.id": "asc"}]
    assert asked["aggs"] == {"facet0": {"terms": {"field": "hybrid.booleans.in_stock", "size": 100, "order": order}}}


def test_truth_values_are_counted_by_their_names() -> None:
    buckets = [
        {"key": 1, "key_as_string": "true", "doc_count": 9},
        {"key": 0, "key_as_string": "false", "doc_count": 3},
    ]
    plan = Plan("words", "", facets=(Facet("in_stock", "booleans"),))
    page = to_page(plan, answer(aggregations={"facet0": {"buckets": buckets}}))
    assert list(page.facets["in_stock"].items()) == [("true", 9), ("false", 3)]


def test_each_kind_of_field_has_a_type_and_a_place_in_the_mapping() -> None:
    fields = Fields(title="t", facets=("a.b",), numbers=("price",), dates=("released",), booleans=("in_stock",))
    ours = to_mapping(Schema(fields))["properties"]["hybrid"]["properties"]
    assert {role: ours[role]["properties"] for role in ("facets", "numbers", "dates", "booleans")} == {
        "facets": {"a": {"dynamic": "strict", "properties": {"b": {"type": "keyword"}}}},
        "numbers": {"price": {"type": "double"}},
        "dates": {"released": {"type": "date", "format": "epoch_millis||strict_date_optional_time"}},
        "booleans": {"in_stock": {"type": "boolean"}},
    }


def test_what_is_written_for_a_product_reads_the_same_again() -> None:
    kept: dict[str, dict[str, Stored]] = {
        "facets": {"brand": ("Acme", "B")},
        "numbers": {"price": 20.0},
        "dates": {"released": -1},
        "booleans": {"in_stock": False},
    }
    built = Document("1", {"title": "Red"}, {"title": {"en": "red"}}, ("c",), kept)
    source = to_source(built)
    assert source["hybrid"] == {
        "id": "1",
        "title": {"en": "red"},
        "codes": ("c",),
        "facets": {"brand": ("Acme", "B")},
        "numbers": {"price": 20.0},
        "dates": {"released": -1},
        "booleans": {"in_stock": False},
    }
    assert from_source("1", orjson.loads(orjson.dumps(source)), None) == built


@pytest.mark.parametrize(("seconds", "written"), [(8.0, "8000ms"), (0.25, "250ms"), (0.0001, "1ms")])
def test_the_server_is_told_when_to_stop(seconds: float, written: str) -> None:
    assert body(Plan("words", ""), seconds=seconds) == {"query": {"match_none": {}}, **REST, "timeout": written}


def test_a_page_is_an_offset_and_a_size() -> None:
    asked = body(Plan("words", "", keyword=Match.alike("text", RED), offset=48, size=24))
    assert (asked["from"], asked["size"]) == (48, 24)


@pytest.mark.parametrize(("shards", "k", "explore"), [(1, 100, 200), (2, 50, 200), (3, 34, 200), (200, 1, 200)])
def test_each_shard_is_asked_for_its_part_of_the_neighbours(shards: int, k: int, explore: int) -> None:
    knn = body(Plan("photo", "", neighbours=(NEAR,)), shards=shards)["query"]["bool"]["should"][0]["knn"]
    assert (knn["k"], knn["num_candidates"]) == (k, explore)


def test_whole_vectors_are_compared_of_more_than_are_wanted_where_a_leg_rounds_much() -> None:
    near = replace(NEAR, oversample=1.5)
    assert body(Plan("photo", "", neighbours=(near,)))["query"]["bool"]["should"][0]["knn"]["rescore_vector"] == {
        "oversample": 1.5
    }


def test_before_8_15_the_number_of_candidates_plays_the_part_of_k() -> None:
    """Fault 12."""
    knn = body(Plan("photo", "", neighbours=(NEAR,)), knn_has_k=False)["query"]["bool"]["should"][0]["knn"]
    assert "k" not in knn
    assert knn["num_candidates"] == 100


def test_the_parameters_make_scores_comparable_and_explained() -> None:
    parameters = request.parameters(Plan("words", "", query="red"))
    assert (parameters["search_type"], parameters["include_named_queries_score"]) == ("dfs_query_then_fetch", True)
    assert "request_cache" not in parameters


def test_a_page_without_words_is_remembered_by_the_server() -> None:
    parameters = request.parameters(Plan("browse", ""))
    assert (parameters["search_type"], parameters["request_cache"]) == ("query_then_fetch", True)


@pytest.mark.parametrize("query", ["red", "", "_local", "\ud800 \0"])
def test_all_pages_of_a_query_go_to_the_same_copies(query: str) -> None:
    first, second = (request.parameters(Plan("words", "", query=query, offset=offset)) for offset in (0, 10))
    assert first == second
    assert first["preference"].isascii()
    assert not first["preference"].startswith("_")  # those have a meaning of their own


SCHEMA = Schema(
    Fields(title="title", codes=("sku",), facets=("brand",), numbers=("price",), languages=("en", "zh")),
    (Leg("image", 2, "f"),),
)
SIGNALS = ("title", "text", "pairs", "grams", "all_words", "most_words", "code", "number.price", "words.*")
WEIGHTS = Weights(signals=dict.fromkeys(SIGNALS, 0.1))
SOURCES = {request.SATURATE, request.COSINE, request.NUMBER}
NAMES = {
    *("bool", "should", "must", "filter", "minimum_should_match", "match", "match_all", "match_none", "dis_max"),
    *("queries", "constant_score", "boost", "script_score", "script", "source", "params", "w", "k", "q", "f", "lo"),
    *(
        "hi",
        "_name",
        "_score",
        "query",
        "knn",
        "field",
        "query_vector",
        "num_candidates",
        "similarity",
        "terms",
        "prefix",
        "value",
        "range",
        "gte",
        "lte",
        "exists",
    ),
    *("from", "size", "track_total_hits", "_source", "excludes", "sort", "order", "missing", "rescore", "window_size"),
    *("query_weight", "rescore_query_weight", "score_mode", "rescore_query", "aggs", "facet0", "_count", "_key"),
    *("post_filter", "counts", "case0", "global", "same", "values", "term", "case_insensitive", "must_not"),
    *("hybrid.id", "hybrid.codes", "hybrid.facets.brand", "hybrid.numbers.price", "hybrid.vectors.image"),
    *(f"hybrid.{field}.{language}" for field in ("title", "text", "pairs") for language in ("en", "zh")),
    "hybrid.grams.all",
}
"""Every key that a body may have: none of them is ever made of what a shopper types."""
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.sampled_from(['"}}], "script": {"source": "x"}', "hybrid.codes", "*", "title:x OR y", "_id", "params.w", "\0"]),
)


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each key of a body, and below the name of its key each value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield "key", name
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
    else:
        yield path, value


@given(HOSTILE, st.lists(HOSTILE, min_size=1, max_size=3))
@examples(deadline=None)
def test_what_a_shopper_types_is_only_ever_a_value(text: str, values: list[str]) -> None:
    query = Query(text, filters={"brand": values, "price": {"lte": 5}}, facets=["brand"])
    parts = list(walk(body(planner.plan(query, SCHEMA, WEIGHTS, vectors={"words": {"image": EAST}}))))
    assert {name for where, name in parts if where == "key"} <= NAMES
    assert {value for where, value in parts if where == "source"} <= SOURCES
    assert {value for where, value in parts if where == "field"} <= NAMES


@given(HOSTILE)
@examples(deadline=None)
def test_the_window_holds_all_neighbours_and_the_page_on_every_plan(text: str) -> None:
    vectors = {"image": EAST}
    plan = planner.plan(Query(text, ("photo",)), SCHEMA, WEIGHTS, vectors={"words": vectors, "photo": vectors})
    assert plan.window >= sum(clause.k for clause in plan.neighbours)
    assert plan.window >= plan.offset + plan.size


def answer(**changes: Any) -> dict[str, Any]:
    hits = [
        {
            "_id": "1",
            "_score": 0.75,
            "_source": {"title": "Red"},
            "matched_queries": {"title": 0.25, "text": 0.5, "x": 0.0},
        },
        {"_id": "2", "_score": 0.1, "_source": {}},
    ]
    return {
        "timed_out": False,
        "_shards": {"total": 3, "successful": 3, "failed": 0},
        "hits": {"total": {"value": 12, "relation": "eq"}, "hits": hits},
        "aggregations": {"facet0": {"buckets": [{"key": "Acme", "doc_count": 9}, {"key": "B", "doc_count": 3}]}},
        **changes,
    }


def test_an_answer_becomes_a_page_with_the_largest_signals_first() -> None:
    plan = Plan("words", "", query="red", facets=(Facet("brand"),), offset=20, size=10, notes=("cut",))
    page = to_page(plan, answer())
    assert page == Page(
        query="red",
        hits=(Hit("1", 0.75, {"text": 0.5, "title": 0.25}, {"title": "Red"}), Hit("2", 0.1, {}, {})),
        total=12,
        facets={"brand": {"Acme": 9, "B": 3}},
        details={"brand": FacetDetails()},
        number=3,
        offset=20,
        notes=("cut",),
    )
    assert list(page.hits[0].signals) == ["text", "title"]


def test_a_sorted_answer_has_no_scores() -> None:
    hits = {"total": {"value": 1}, "hits": [{"_id": "1", "_score": None, "_source": {}, "sort": ["1"]}]}
    assert to_page(Plan("browse", ""), answer(hits=hits)).hits[0].score == 0.0


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"timed_out": True}, ("Elasticsearch ran out of time and answered with what it had",)),
        ({"_shards": {"total": 3, "failed": 1}}, ("1 of 3 shards failed",)),
        (
            {"timed_out": True, "_shards": {"total": 3, "failed": 2}},
            ("Elasticsearch ran out of time and answered with what it had", "2 of 3 shards failed"),
        ),
    ],
)
def test_an_incomplete_answer_says_so(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert to_page(Plan("words", ""), answer(**changes)).degraded == reasons


def test_what_was_missing_before_the_request_is_said_first() -> None:
    page = to_page(Plan("words", "", degraded=("no vectors",)), answer(timed_out=True))
    assert page.degraded[0] == "no vectors"


def test_what_is_counted_beside_the_candidates_is_found_too_and_kept_out_of_the_hits() -> None:
    words = Match(
        "text", (Words("en", (("red",), ("dress", "gown", "night dress")), (1, 1), 2), Words("de", (("red",),), (1,)))
    )
    counted = (Counted(words, (Terms("brand", ("Acme",)),)), Counted(None))
    red = Match.alike("text", RED)
    plan = Plan("words", "", keyword=red, counted=counted, only=("title",))
    english = {
        "bool": {
            "filter": [
                {"term": {"hybrid.text.en": {"value": "red"}}},
                {
                    "bool": {
                        "should": [
                            {"terms": {"hybrid.text.en": ["dress", "gown"]}},
                            {"bool": {"must": [
                                {"term": {"hybrid.text.en": {"value": "night"}}},
                                {"term": {"hybrid.text.en": {"value": "dress"}}},
                            ]}},
                        ]
                    }
                },
            ]
        }
    }  # fmt: skip
    german = {"term": {"hybrid.text.de": {"value": "red"}}}
    sent = body(plan)
    assert sent["_source"] == {"includes": ["title"], "excludes": ["hybrid"]}
    each = [{"bool": {"filter": [{"bool": {"should": [english, german]}}, ACME]}}, {"bool": {"filter": []}}]
    also = {"constant_score": {"filter": {"bool": {"should": each}}, "boost": 0.0}}
    assert sent["query"] == {"bool": {"should": [found(MATCH), also]}}
    assert sent["post_filter"] == found(MATCH)
    assert sent["aggs"] == {"each": {"filters": {"filters": each}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "browse"},
        {"neighbours": (NEAR,)},
        {"facets": (Facet("brand"),)},
        {"counted": (Counted(Match.alike("text", [("en", map(str, range(501)))])),)},
    ],
)
def test_what_is_counted_is_counted_in_the_whole_index_where_the_query_cannot_find_it_too(
    changes: dict[str, Any],
) -> None:
    plan = replace(Plan("words", "", keyword=Match.alike("text", RED), counted=(Counted(None),)), **changes)
    sent, alone = body(plan), body(replace(plan, counted=()))
    counted = sent["aggs"].pop("counted")
    assert counted["global"] == {}
    assert len(counted["aggs"]["each"]["filters"]["filters"]) == 1
    assert sent == {"aggs": {}, **alone}


def test_the_counts_beside_the_candidates_come_back_in_their_order() -> None:
    plan = Plan("words", "", counted=(Counted(None), Counted(None)))
    each = {"each": {"buckets": [{"doc_count": 3}, {"doc_count": 0}]}}
    joined = {"hits": {"hits": [], "total": {"value": 0}}, "aggregations": each}
    answer = {**joined, "aggregations": {"counted": {"doc_count": 9, **each}}}
    assert to_page(plan, answer).counted == to_page(plan, joined).counted == (3, 0)
    with pytest.raises(UnexpectedAnswer):
        to_page(replace(plan, counted=plan.counted[:1]), answer)
    with pytest.raises(UnexpectedAnswer):
        to_page(plan, {"hits": joined["hits"]})
