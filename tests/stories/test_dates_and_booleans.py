"""A shop whose catalogue has dates and truth values: from `init` to a filtered page, on the embedded engine."""

import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from tests.shops import Run, runner

TABLE = """\
id,title,brand,price,released,updated_at,in_stock,model
1,Red summer dress,Acme,20,2025-01-01,1735689600,ja,2.1.0
2,Blue winter coat,Acme,90,2025-01-01T22:30:00Z,1735776000,nein,2.1.1
3,Red winter coat,Borealis,120,2025-06-30 23:59:59,1751328000,ja,2.2.0
4,Green rain boots,Borealis,35,2024-12-31T23:30:00-02:00,1704067200,nein,2.0.0
5,Blue summer hat,Acme,15,1969-07-20,,ja,1.9.9
6,Grey summer hat,Acme,15,,1704067200,,1.9.8
7,Grey winter hat,Acme,15,2025-07-01,1704067200,ja,1.9.7
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in a folder with the catalogue."""
    (tmp_path / "products.csv").write_text(TABLE, encoding="utf-8")
    return runner(tmp_path, monkeypatch, capfdbinary)


def found(run: Run, *options: str) -> tuple[list[str], dict[str, Any]]:
    """Return the ids and the facets of a search, as programs see them."""
    code, out, err = run("search", *options, "--json")
    assert (code, err) == (0, "")
    page = json.loads(out)
    return [hit["id"] for hit in page["hits"]], page["facets"]


def test_init_proposes_them_and_searches_use_them(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("init", "products.csv")
    assert code == 0
    assert "to filter by period and sort by: released (1969-07-20 to 2025-07-01)" in out
    assert "true or false: in_stock (67% true)" in out
    fields = tomllib.loads((tmp_path / "hybridsearch.toml").read_text(encoding="utf-8"))["fields"]
    assert (fields["dates"], fields["booleans"]) == (["released", "updated_at"], ["in_stock"])
    assert fields["numbers"] == ["price"]
    assert run("reindex")[0] == 0

    assert found(run, "--filter", "released>=2025-01-01", "--filter", "released<=2025-06-30", "--sort", "released") == (
        ["1", "4", "2", "3"],
        {},
    )
    assert found(run, "--filter", "released=2025-01-01", "--sort", "released:desc")[0] == ["2", "4", "1"]
    assert found(run, "--filter", "released<=1970")[0] == ["5"]
    assert found(run, "--filter", "updated_at>=2025", "--sort", "updated_at")[0] == ["1", "2", "3"]
    assert found(run, "hat", "--filter", "in_stock=yes", "--facet", "in_stock") == (
        ["5", "7"],
        {"in_stock": {"true": 2}},
    )
    assert found(run, "--sort", "in_stock:desc", "--facet", "in_stock") == (
        ["1", "3", "5", "7", "2", "4", "6"],
        {"in_stock": {"true": 4, "false": 2}},
    )
    code, _, err = run("search", "--filter", "released>=soon")
    assert code == 2
    assert err == (
        "Error: Filter 'released' has the bound 'soon', expected a date such as 2025-01-31 or 2025-01-31T09:30:00Z.\n"
    )


def test_init_takes_what_the_mapping_of_an_index_says(run: Run, tmp_path: Path, es_url: str, index: str) -> None:
    types = {"title": "text", "seen": "date", "since": "date", "gift": "boolean", "stock": "integer"}
    rows: list[dict[str, Any]] = [
        {"title": "Red hat", "seen": 1_735_689_600_000, "since": "31/12/2024", "gift": "true", "stock": 1},
        {"title": "Blue hat", "seen": "2025-06-30T12:00:00Z", "since": "01/01/2024", "gift": False, "stock": 0},
        {"title": "Grey hat", "seen": None, "since": "01/02/2024", "gift": "", "stock": 1},
    ]
    properties: dict[str, Any] = {name: {"type": kind} for name, kind in types.items()}
    properties["since"]["format"] = "dd/MM/yyyy"
    with Elasticsearch(es_url) as client:
        client.indices.create(index=index, mappings={"properties": properties})
        for number, row in enumerate(rows, 1):
            client.index(index=index, id=str(number), document=row, refresh=True)
        code, out, _ = run("init", index, "--url", es_url)
        assert code == 0
        assert "since (2024-01-01 to 2024-12-31), seen (2025-01-01 to 2025-06-30)" in out
        assert "gift (50% true)" in out
        assert run("reindex")[0] == 0
        options = ["--filter", "seen>=2025", "--facet", "gift", "--sort", "seen:desc"]
        assert found(run, *options) == (["2", "1"], {"gift": {"false": 1, "true": 1}})
        assert found(run, "--filter", "since>=2024-02", "--filter", "since<=2024-02-01") == (["3"], {})


def test_an_unreadable_date_rejects_the_product_as_an_unreadable_number_does(run: Run, tmp_path: Path) -> None:
    run("init", "products.csv")
    with (tmp_path / "products.csv").open("a", encoding="utf-8") as file:
        file.write("8,Odd dress,Acme,5,31.12.2024,,ja,1\n9,Odd dress,Acme,5,,,perhaps,1\n")
    code, _, err = run("reindex")
    assert code == 1
    assert err.splitlines()[:2] == [
        "  products.csv:9: document: 'released' is '31.12.2024', expected a date such as 2025-01-31 or "
        "2025-01-31T09:30:00Z",
        "  products.csv:10: document: 'in_stock' is 'perhaps', expected true or false",
    ]


def test_python_objects_are_welcome_in_products_and_filters(run: Run, tmp_path: Path) -> None:
    run("init", "products.csv")
    with HybridSearch.open(tmp_path / "hybridsearch.toml") as shop:
        shop.reindex()
        row = {"id": "1", "title": "Red dress", "released": date(2030, 1, 1), "updated_at": datetime(2030, 1, 2, 3, 4)}
        assert shop.upsert([row]).written == 1
        page = shop.search(filters={"released": {"gte": date(2030, 1, 1)}, "updated_at": datetime(2030, 1, 2, 3, 4)})
        (hit,) = page
        assert hit.product == {**row, "released": "2030-01-01", "updated_at": "2030-01-02T03:04:00"}


def test_judged_queries_may_have_such_filters(run: Run, tmp_path: Path) -> None:
    run("init", "products.csv")
    run("reindex")
    filters = {"released": {"gte": "2025-01-01", "lte": "2025-06-30"}, "in_stock": True}
    rows = [{"query": "red", "product_id": key, "grade": 1, "filters": filters} for key in ("1", "3")]
    (tmp_path / "judgments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, out, _ = run("eval", "judgments.jsonl", "--json")
    report = json.loads(out)
    assert (code, report["queries"], report["skipped"]) == (0, 1, 0)
    assert report["systems"]["keyword"]["nDCG@10"] == 1
