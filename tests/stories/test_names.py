"""Names of fields are the seller's: whatever a column is called, both engines search, sort, filter, count and weigh it.

The name is only ever a value or a key: never a piece of a script, of an aggregation's name or of a file's name. What an
index cannot hold is refused in the configuration (`names.py`).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import HybridSearch, Settings
from hybridsearch.engines.elasticsearch.request.request import to_elasticsearch
from hybridsearch.errors import ConfigError
from hybridsearch.fields import KINDS
from hybridsearch.propose.configuration import propose
from hybridsearch.search.clauses import Codes, Condition, Cosine, Match, Number, Saturated
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.plan import Plan
from hybridsearch.values import Vector
from tests.shops import quietly, settings, write_products

SCRIPT = "price'].value); if (true) { return 777.0; } double w = Math.max(0.0, doc['price"
NAMES = [
    *("price", "prix d'achat", SCRIPT, "a[b]", "a>b", "a*b", "*b", "_x", "meta._id", "a.b", "deep.er.name"),
    *(
        'say "x"',
        "back\\slash",
        "tab\tand\nline",
        "é 😀",
        "a:b",
        "a/b",
        "a,b",
        "a;b--",
        "$.x",
        "{}",
        "%s",
        "#",
        "-",
    ),
    *("x" * 300, ".".join("zyxwvutsrqponmlkji")),
]
FACETS = [f"{name}~" for name in NAMES]


def products() -> list[dict[str, Any]]:
    """Return three products, each with every number and every facet; the last one is worth the most."""
    return [
        {"id": str(worth), "title": "red dress"}
        | dict.fromkeys(NAMES, worth)
        | dict.fromkeys(FACETS, "new" if worth == 3 else "old")
        for worth in (1, 2, 3)
    ]


def named(folder: Path, engine: dict[str, Any]) -> Settings:
    """Return a shop in which every number has a weight."""
    weights = {"signals": {"title": 0.1, "number.*": 0.02}, "saturation": {"*": 8}}
    (folder / "weights.json").write_text(json.dumps(weights), encoding="utf-8")
    write_products(folder / "products.jsonl", products())
    fields = {"title": "title", "numbers": NAMES, "facets": FACETS}
    return settings(folder, fields=fields, engine=engine, weights={"path": "weights.json"})


@pytest.mark.beside_one_server
def test_whatever_a_field_is_called_it_is_searched_sorted_filtered_counted_and_weighed(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Attack: a script as the name of a field."""
    with HybridSearch.open(named(tmp_path, engine)) as opened:
        report = opened.reindex(options=quietly())
        assert (report.indexed, report.rejected) == (3, 0)
        page = opened.search("red dress", facets=FACETS)
        assert page.degraded == ()
        assert [hit.id for hit in page] == ["3", "2", "1"]
        for hit in page:
            worth = int(hit.id)
            for name in NAMES:
                assert hit.signals[f"number.{name}"] == pytest.approx(0.02 * worth / (worth + 8), abs=1e-6), name
        assert page.facets == {facet: {"old": 2, "new": 1} for facet in FACETS}
        for name, facet in zip(NAMES, FACETS, strict=True):
            assert [hit.id for hit in opened.search(sort=f"{name}:desc")] == ["3", "2", "1"], name
            both: dict[str, Any] = {name: {"gte": 2}, facet: "old"}
            assert [hit.id for hit in opened.search("dress", filters=both)] == ["2"], name


def test_the_scripts_of_every_shop_are_compiled_once(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: a script as the name of a field; forty names are not forty scripts to compile."""
    with HybridSearch.open(named(tmp_path, {"url": es_url, "index": index, "replicas": 0})) as opened:
        opened.reindex(options=quietly())
        plans = [Plan("browse", "", signals=(Number("number", 1.0, name, 8.0),)) for name in NAMES if "'" not in name]
        opened.engine.search(plans[0])
        before = compilations(es_url)
        for plan in plans:
            assert opened.engine.search(plan).hits[0].id == "3"
        assert compilations(es_url) - before <= 1  # somebody else may use this server


def compilations(es_url: str) -> int:
    """Return how many scripts a server has compiled since it started."""
    with Elasticsearch(es_url) as client:
        nodes = client.nodes.stats(metric="script")["nodes"].values()
    return sum(node["script"]["compilations"] for node in nodes)


def sources(value: Any) -> list[str]:
    """Return the source of every script in a body."""
    if isinstance(value, dict):
        own = [value["source"]] if "source" in value else []
        return own + [source for part in value.values() for source in sources(part)]
    return [source for part in value for source in sources(part)] if isinstance(value, list) else []


def body(field: str, leg: str) -> dict[str, Any]:
    """Return the body of a search with a signal of each kind, in a shop with such names."""
    words = Match.alike("text", (("en", ("red",)),))
    signals = (
        Saturated("title", 1.0, words, 8.0),
        Condition("code", 1.0, Codes(("a1",))),
        Cosine(f"words.{leg}", 1.0, leg, Vector([1, 0]), 0.0, 1.0),
        Number(f"number.{field}", 1.0, field, 8.0),
    )
    return to_elasticsearch(Plan("words", "", keyword=words, signals=signals, facets=(Facet(field),)))


@given(st.text(min_size=1), st.text(min_size=1))
@examples(deadline=None)
def test_no_script_and_no_name_of_an_aggregation_differs_between_shops(field: str, leg: str) -> None:
    """Attack: a script as the name of a field."""
    ours, theirs = body(field, leg), body("price", "image")
    assert sources(ours) == sources(theirs)
    assert len(sources(ours)) == 3
    assert list(ours["aggs"]) == list(theirs["aggs"])


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("", "has an empty part"),
        (".a", "has an empty part"),
        ("a.", "has an empty part"),
        ("a..b", "has an empty part"),
        (" ", "has a blank part"),
        ("a.\u2028.b", "has a blank part"),
        ("*", "stands for all fields"),
        ("a\x7f", "has control characters"),
        ("\u202ea", "has control characters"),
        (".".join("a" * 19), "has 19 parts"),
        ("x" * 2000, "has 2,000 characters"),
    ],
)
def test_a_name_that_an_index_cannot_hold_is_refused_in_the_configuration(name: str, flaw: str) -> None:
    """Attack: a name that no index can hold."""
    for role in KINDS:
        with pytest.raises(ConfigError) as refused:
            Settings.parse({"catalog": {"path": "x"}, "fields": {"title": "t", role: [name]}}, folder=Path())
        assert flaw in str(refused.value)
        assert str(refused.value).startswith("configuration: 'fields': the field ")


@pytest.mark.parametrize("names", [["x" * 101], ["a/b"], ["."], [""], ["Image", "image"]])
def test_a_name_of_a_leg_that_is_no_name_of_a_file_is_refused(names: list[str]) -> None:
    """Attack: a name that no index can hold; that of a leg is one of a file too."""
    legs = [{"name": name, "encoder": "starter"} for name in names]
    with pytest.raises(ConfigError):
        Settings.parse({"catalog": {"path": "x"}, "fields": {"title": "t"}, "vectors": legs}, folder=Path())


def test_init_proposes_no_name_that_the_configuration_refuses() -> None:
    """Attack: a name that no index can hold."""
    rows = [{"id": str(n), "title": f"red dress {n}", " ": n, "*": n, "price": n * 7, "x" * 2000: n} for n in range(50)]
    proposal = propose(rows)
    assert proposal.fields.numbers == ("price",)
    Settings.parse({"catalog": {"path": "x"}, "fields": proposal.fields.model_dump()}, folder=Path())
