"""How the texts of a column are written: said once, and read the same by a rebuild and by a change."""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch, document
from hybridsearch.engines.base import live_of
from hybridsearch.errors import ConfigError
from hybridsearch.fields import AS_IT_IS, KINDS, Format
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.settings import Settings
from tests.shops import quietly, settings, write_products

FIELDS = Fields(title="title", numbers=("weight",), formats={"weight": Format(decimal=",", unit="kg")})


def test_a_rebuild_and_a_change_read_a_column_the_same_on_both_engines(tmp_path: Path, engine: dict[str, Any]) -> None:
    rows = [{"id": str(n), "title": "hat", "weight": text} for n, text in enumerate(["1,083 kg", "0,25", "1.083", 2.5])]
    write_products(tmp_path / "products.jsonl", rows)
    configured = settings(tmp_path, engine=engine).model_copy(update={"fields": FIELDS})
    with HybridSearch.open(configured) as shop:
        shop.reindex(options=quietly())
        assert [hit.id for hit in shop.search("hat", sort="weight")] == ["1", "0", "3", "2"]
        assert [hit.id for hit in shop.search("hat", filters={"weight": 1.083})] == ["0"]
        changed = shop.upsert([{"id": "4", "title": "hat", "weight": "1,083"}, {"id": "5", "weight": "500 ml"}])
        live = live_of(shop.engine.generations())
        assert live is not None
        shop.engine.refresh(live.name)
        assert [hit.id for hit in shop.search("hat", filters={"weight": 1.083})] == ["0", "4"]
    said = 'expected a number as [fields.formats] says: { decimal = ",", unit = "kg" }'
    assert [reject.reason for reject in changed.rejects] == [f"'weight' is '500 ml', {said}"]


def test_several_values_in_a_cell_are_facets_and_codes_of_their_own_on_both_engines(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "0", "title": "hat", "color": "red, blue | green", "ean": "4006381333931;4006381333948"},
        {"id": "1", "title": "hat", "color": ["blue,", "white"], "ean": "4006381333955"},
    ]
    write_products(tmp_path / "products.jsonl", rows)
    formats = {"color": Format(separators=("|", ",")), "ean": Format(separators=(";",))}
    fields = Fields(title="title", facets=("color",), codes=("ean",), formats=formats)
    configured = settings(tmp_path, engine=engine).model_copy(update={"fields": fields})
    with HybridSearch.open(configured) as shop:
        shop.reindex(options=quietly())
        page = shop.search("hat", filters={"color": "blue"}, facets=["color"])
        assert page.facets == {"color": {"blue": 2, "green": 1, "red": 1, "white": 1}}
        assert [hit.id for hit in shop.search("4006381333948")] == ["0"]


def test_several_addresses_in_a_cell_are_several_pictures() -> None:
    fields = Fields(image="pictures", formats={"pictures": Format(separators=("|",))})
    assert document.pictures({"pictures": "a.jpg| b.jpg |"}, fields) == ("a.jpg", "b.jpg")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a, b|c", ["a", " b", "c"]), (["a,b", 5], [["a", "b"], 5]), ("a", ["a"]), (5, 5), (None, None), (True, True)],
)
def test_texts_are_split_and_nothing_else_is(value: Any, expected: Any) -> None:
    assert Format(separators=("|", ",")).split(value) == expected
    assert AS_IT_IS.split(value) == value


def test_formats_are_kept_in_the_index_and_an_index_without_them_has_none() -> None:
    stored = Schema(FIELDS).to_json()
    assert stored["fields"]["formats"] == {"weight": {"decimal": ",", "unit": "kg"}}
    assert Schema.from_json(stored, "products").fields == FIELDS
    assert "formats" not in Schema(Fields(title="title")).to_json()["fields"]


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        ({"prise": {"decimal": ","}}, "'formats' names 'prise', which is none of the fields of"),
        ({"price": {"decimal": ";"}}, "fields.formats.price.decimal"),
        ({"price": {"unit": "m2"}}, "fields.formats.price.unit"),
        ({"price": {"separators": [""]}}, "fields.formats.price.separators"),
        ({"price": {"levels": " "}}, "fields.formats.price.levels"),
        ({"price": {"decimals": ","}}, "unknown key 'fields.formats.price.decimals'"),
    ],
)
def test_a_format_that_cannot_be_meant_is_refused(formats: dict[str, Any], said: str) -> None:
    data = {"catalog": {"path": "shop.csv"}, "fields": {"title": "title", "numbers": ["price"], "formats": formats}}
    with pytest.raises(ConfigError, match=said):
        Settings.parse(data, folder=Path())


def test_a_format_is_written_as_toml() -> None:
    assert str(Format(decimal=",", unit="€")) == '{ decimal = ",", unit = "€" }'
    assert str(Format(separators=(",",), levels=">")) == '{ separators = [","], levels = ">" }'
    assert AS_IT_IS.model_dump() == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('["a.jpg", "b.jpg"]', ["a.jpg", "b.jpg"]),
        ("['a.jpg', 'b.jpg']", ["a.jpg", "b.jpg"]),
        (r'["https:\/\/x.example\/a.jpg"]', ["https://x.example/a.jpg"]),
        ("[]", [""]),
        ("[a], b", ["[a]", " b"]),
        ("a [b", ["a [b"]),
    ],
)
def test_a_list_that_a_program_wrote_into_a_cell_loses_its_brackets_and_quotes(value: str, expected: list[str]) -> None:
    assert Format(separators=(",",)).split(value) == expected


@pytest.mark.parametrize("role", ["numbers", "dates", "booleans"])
@pytest.mark.parametrize("value", ["N/A", "null", "NULL", " - ", "—", "k.A.", "#N/A", "", None, ["n/a"]])
def test_a_word_for_nothing_is_no_value_of_numbers_dates_and_answers(role: str, value: Any) -> None:
    """It rejected the product."""
    assert KINDS[role].kept(value) is None
    assert KINDS["facets"].kept("N/A") == ("N/A",)
