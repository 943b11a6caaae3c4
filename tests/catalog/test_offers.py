"""Rows of several catalogues become products with offers, as the file of `groups` says."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import Settings
from hybridsearch.catalog import open_source
from hybridsearch.catalog.arranged import variants
from hybridsearch.catalog.arranged.groups import Member
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.values import Product, Reject
from tests.shops import write_products

FIELDS = {"title": "title", "facets": ["brand", "offers.source"], "numbers": ["offers.price"], "offers": "offers"}
ACME = [
    {"id": "1", "title": "Umbrella Terra", "brand": "Tirrendo", "price": 20},
    {"id": "2", "title": "Kettle", "price": 39},
]
BETA = "Nr;Name;Preis;Farbe\n1;Regenschirm;1.017,50 €;rot\n9;Lampe;5,00 €;\n"


def settings(folder: Path, groups: Sequence[Mapping[str, str]] | None = None, named: str = "groups.jsonl") -> Settings:
    """Return the settings of two catalogues."""
    write_products(folder / "acme.jsonl", ACME)
    (folder / "beta.csv").write_text(BETA, encoding="utf-8")
    beta = {
        "path": "beta.csv",
        "id": "Nr",
        "columns": {"title": "Name", "price": "Preis", "color": "Farbe"},
        "formats": {"price": {"decimal": ",", "unit": "€"}},
    }
    catalog: dict[str, Any] = {"sources": [{"path": "acme.jsonl"}, beta]}
    if groups is not None:
        write_products(folder / "groups.jsonl", groups)
        catalog["groups"] = named
    return Settings.parse({"catalog": catalog, "fields": FIELDS}, folder=folder)


def read(found: Settings) -> list[Product | Reject]:
    return list(open_source(found.catalog, found.fields, folder=found.folder).read())


UMBRELLA = [
    {"group": "acme:1", "product_id": "1", "source": "acme"},
    {"group": "acme:1", "product_id": "1", "source": "beta"},
]


def test_rows_of_one_group_are_offers_of_one_product(tmp_path: Path) -> None:
    umbrella, kettle, lamp = read(settings(tmp_path, UMBRELLA))
    assert isinstance(umbrella, Product)
    assert umbrella.row == {
        "id": "acme:1",
        "title": "Umbrella Terra",
        "brand": "Tirrendo",
        "color": "rot",
        "offers": [
            {"id": "1", "price": 20, "source": "acme"},
            {"id": "1", "price": 1017.5, "source": "beta", "title": "Regenschirm"},
        ],
    }
    assert [each.id for each in (kettle, lamp)] == ["acme:2", "beta:9"]
    assert [each.place for each in (umbrella, kettle, lamp)] == [1, 2, 4]


def test_without_groups_each_row_is_a_product_with_one_offer(tmp_path: Path) -> None:
    found = read(settings(tmp_path))
    assert [each.id for each in found] == ["acme:1", "acme:2", "beta:1", "beta:9"]
    assert all(each.row is not None and len(each.row["offers"]) == 1 for each in found)


def test_variants_of_a_seller_are_an_offer_each(tmp_path: Path) -> None:
    found = settings(tmp_path)
    variants = [{"color": "red", "price": 20}, {"color": "blue", "price": 21}]
    write_products(tmp_path / "acme.jsonl", [{"id": "1", "title": "Polo", "offers": variants}])
    first = read(found)[0]
    assert first.row is not None
    assert first.row["offers"] == [{"id": "1", "source": "acme", **each} for each in variants]


def test_of_rows_with_one_id_in_a_catalogue_the_last_counts(tmp_path: Path) -> None:
    found = settings(tmp_path)
    write_products(tmp_path / "acme.jsonl", [ACME[0], {**ACME[0], "price": 18}])
    first = read(found)[0]
    assert first.row is not None
    assert first.row["offers"] == [{"id": "1", "price": 18, "source": "acme"}]


def test_a_row_that_cannot_be_read_is_a_reject_at_its_place(tmp_path: Path) -> None:
    found = settings(tmp_path)
    with (tmp_path / "acme.jsonl").open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    rejects = [each for each in read(found) if isinstance(each, Reject)]
    assert [(each.where, each.place) for each in rejects] == [("acme.jsonl:3", 3)]


def test_offers_that_are_too_heavy_together_are_rejects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "HEAVIEST_ROW", 100)
    found = read(settings(tmp_path, UMBRELLA))
    assert [type(each) for each in found[:2]] == [Product, Reject]


def test_a_changed_file_is_another_snapshot(tmp_path: Path) -> None:
    found = settings(tmp_path, UMBRELLA)
    source = open_source(found.catalog, found.fields, folder=tmp_path)
    before = source.snapshot_id()
    assert source.count() == 4
    write_products(tmp_path / "groups.jsonl", UMBRELLA[:1])
    assert source.snapshot_id() != before


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"group": "1"}',
        '{"group": 1, "product_id": "1", "source": "acme"}',
        '{"group": "", "product_id": "1", "source": "a"}',
    ],
)
def test_a_line_that_is_no_group_is_an_error_that_names_it(tmp_path: Path, line: str) -> None:
    found = settings(tmp_path, UMBRELLA)
    with (tmp_path / "groups.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(CatalogError, match=r"groups.jsonl:3 is .* Write the groups again with: hybridsearch match"):
        read(found)


def test_missing_groups_are_an_error_that_says_how_they_are_written(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"are missing. Write them with: hybridsearch match -o none.jsonl"):
        read(settings(tmp_path, UMBRELLA, named="none.jsonl"))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    members = [Member("acme:1", "ü\n", "acme", 0.5, "why"), Member("x", "y", "z")]
    Member.write(tmp_path / "groups.jsonl", members)
    assert [each[:3] for each in Member.read(tmp_path / "groups.jsonl")] == [each[:3] for each in members]
    assert json.loads((tmp_path / "groups.jsonl").read_text(encoding="utf-8").splitlines()[0])["because"] == "why"


@pytest.mark.parametrize(
    ("catalog", "fields", "why"),
    [
        ({"path": "a.csv", "sources": [{"path": "b.csv"}]}, {}, "give one of 'path'"),
        ({"sources": [{"path": "a.csv"}, {"path": "a.xml"}]}, {}, "two of 'sources' are called 'a'"),
        ({"path": "a.csv", "groups": "groups.jsonl"}, {}, "'groups' says which rows of 'sources'"),
        ({"path": "a.csv"}, {"variants": "variants"}, "'variants' and 'offers' are both given"),
        ({"path": "a.csv"}, {"offers": "other"}, "'offers' is 'other', but no facet"),
    ],
)
def test_what_does_not_go_together_is_refused(catalog: dict[str, Any], fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Settings.parse({"catalog": catalog, "fields": FIELDS | fields}, folder=Path())


def test_an_unknown_key_of_a_source_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    catalog = {"sources": [{"path": "a.csv", "colums": {"title": "Name"}}]}
    with pytest.raises(ConfigError, match=r"unknown key 'catalog.sources.0.colums'. Did you mean 'columns'"):
        Settings.parse({"catalog": catalog, "fields": FIELDS}, folder=tmp_path)
