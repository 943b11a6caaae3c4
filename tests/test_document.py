"""From a product to what is stored for it: roles, names that reach into objects, and what is too much."""

import time
from typing import Any

import pytest

from hybridsearch import document
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.values import Document, Product, Row, Vector

FIELDS = Fields(
    title="title",
    text=("description",),
    codes=("sku",),
    facets=("brand",),
    numbers=("price",),
    image="image",
    languages=("en", "zh"),
)


def build(row: Row, **roles: Any) -> Document:
    """Return the document of a row whose roles are those of `FIELDS`, or others."""
    fields = FIELDS.model_copy(update=roles)
    return document.build(Product("1", row, "products.jsonl:1"), Schema(fields), {})


def test_each_role_fills_its_own_part_of_the_document() -> None:
    row = {"title": "Red dress", "description": "Light cotton", "sku": "AC-1", "brand": "Acme", "price": 20}
    assert build(row) == Document(
        id="1",
        row=row,
        text={
            "title": {"en": "red dress"},
            "text": {"en": "red dress light cotton acm"},
            "pairs": {"en": "red_dress dress_light light_cotton cotton_acm"},
            "grams": {"all": "^re red ed$ ^dr dre res ess ss$"},
        },
        codes=("ac1",),
        fields={"facets": {"brand": ("Acme",)}, "numbers": {"price": 20.0}},
        words=("red", "dress", "light", "cotton", "acme"),
    )


def test_a_product_with_nothing_but_an_id_is_a_document_of_its_own() -> None:
    assert build({"id": "1"}) == Document(id="1", row={"id": "1"}, text={})


@pytest.mark.parametrize("nothing", [None, "", "  ", [], [None, ""], {}])
def test_a_missing_value_leaves_its_role_empty(nothing: Any) -> None:
    row = {"title": nothing, "sku": nothing, "brand": nothing, "description": nothing}
    assert build(row) == Document(id="1", row=row, text={})


def test_a_price_that_is_missing_is_no_price() -> None:
    assert build({"title": "dress", "price": None}).fields == {}
    assert build({"title": "dress", "price": " "}).fields == {}


def test_dotted_names_reach_into_objects_and_through_lists() -> None:
    row = {"title": "x", "attrs": {"color": "red"}, "offers": [{"price": 5, "sku": "A1"}, {"price": 9, "sku": "A2"}]}
    built = build(row, facets=("attrs.color",), numbers=("offers.price",), codes=("offers.sku",))
    assert built.fields == {"facets": {"attrs.color": ("red",)}, "numbers": {"offers.price": 5.0}}
    assert built.codes == ("a1", "a2")


def test_a_star_reads_all_fields_that_begin_so_in_the_rows_order() -> None:
    row = {"title": "Dress", "attr_b": "silk", "other": "no", "attr_a": ["long", "warm"]}
    assert build(row, text=("attr_*",), facets=()).text["text"] == {"en": "dress silk long warm"}


def test_a_mixed_title_fills_the_fields_of_both_languages() -> None:
    title = build({"title": "Nike 跑步鞋"}).text["title"]
    assert title == {"en": "nike", "zh": "nike 跑步 鞋 跑步 步鞋 跑 步 鞋"}


def test_text_named_in_two_roles_is_read_once() -> None:
    assert build({"title": "Dress", "brand": "Acme"}, text=("brand", "title")).text["text"] == {"en": "dress acm"}


@pytest.mark.parametrize("name", ["hybrid", "hybrid.numbers.price", "hybrid.text.en"])
def test_a_field_of_our_own_name_is_refused(name: str) -> None:
    """Attack: a column with dots in its name was written where searches look."""
    with pytest.raises(ValueError, match=rf"^it has a field '{name}', which is reserved; rename it in the catalogue$"):
        build({"title": "x", name: 1})


@pytest.mark.parametrize(
    ("price", "shown"),
    [("free", "'free'"), (True, "True"), (float("nan"), "nan"), (float("inf"), "inf"), ({"a": 1}, "{'a': 1}")],
)
def test_a_bad_number_is_named_with_what_was_found(price: Any, shown: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the sentence is compared below
        build({"title": "x", "price": price})
    assert str(refused.value) == f"'price' is {shown}, expected a number"


def test_dates_and_truth_values_are_kept_in_one_form_and_named_when_they_are_bad() -> None:
    row = {"title": "x", "meta": {"released": "1970-01-02"}, "in_stock": "ja"}
    roles = {"dates": ("meta.released", "gone"), "booleans": ("in_stock",)}
    assert build(row, **roles).fields == {"dates": {"meta.released": 86_400_000}, "booleans": {"in_stock": True}}
    with pytest.raises(ValueError, match=r"^'in_stock' is 'perhaps', expected true or false$"):
        build({**row, "in_stock": "perhaps"}, **roles)


def test_the_reason_for_a_bad_number_stays_short() -> None:
    with pytest.raises(ValueError, match="expected a number") as refused:
        build({"title": "x", "price": "free " * 10_000})
    assert len(str(refused.value)) < 200


def test_facet_values_are_distinct_and_keep_the_shops_spelling() -> None:
    built = build({"brand": ["Acme ", "acme", "Acme", "Ａｃｍｅ", None, 6.0]})
    assert built.fields == {"facets": {"brand": ("Acme", "acme", "6")}}


def test_a_facet_keeps_100_values_of_256_characters() -> None:
    values = build({"brand": [f"{number:03}" + "x" * 300 for number in range(200)]}).fields["facets"]["brand"]
    assert isinstance(values, tuple)
    assert len(values) == 100
    assert {len(value) for value in values} == {256}


def test_a_product_keeps_its_first_2600_codes() -> None:
    assert len(build({"sku": [f"SKU-{number}" for number in range(3_000)]}).codes) == 2_600


OF_VARIANTS: dict[str, Any] = {"facets": ("brand", "variants.color"), "numbers": ("variants.price",)}


def test_what_is_kept_of_variants_is_apart_and_without_repeats() -> None:
    red, blue = {"color": "red", "price": 5}, {"color": ["blue", "navy"], "price": "7.50", "sku": "B-1"}
    found = build({"title": "Hat", "brand": "Acme", "variants": [red, blue, {**red, "sku": "R-2"}]}, **OF_VARIANTS)
    assert found.fields == {"facets": {"brand": ("Acme",)}}
    assert found.variants == (
        {"facets": {"variants.color": ("red",)}, "numbers": {"variants.price": 5.0}},
        {"facets": {"variants.color": ("blue", "navy")}, "numbers": {"variants.price": 7.5}},
    )
    assert found.text["text"]["en"].split() == ["hat", "acm", "red", "blue", "navi", "red"]


def test_columns_that_are_called_like_fields_of_variants_are_those_of_one() -> None:
    found = build({"title": "Hat", "variants.color": "red", "variants.price": "7"}, **OF_VARIANTS)
    assert found.variants == ({"facets": {"variants.color": ("red",)}, "numbers": {"variants.price": 7.0}},)


@pytest.mark.parametrize("variants", [None, [], "", [None]])
def test_a_product_without_variants_has_one_of_which_nothing_is_known(variants: object) -> None:
    assert build({"title": "Hat", "variants": variants}, **OF_VARIANTS).variants == ({},)
    assert build({"title": "Hat", "variants": variants}).variants == ()


@pytest.mark.parametrize(
    ("variants", "reason"),
    [
        (["red", "blue"], "'variants' holds 'red', expected an object for each variant"),
        (3, "'variants' holds 3, expected an object for each variant"),
        ([{}] * 2_501, "'variants' holds 2,501 variants, expected at most 2,500; divide the product"),
        ([{"price": 5}, {"price": "soon"}], "'variants.price' is 'soon', expected a number"),
    ],
    ids=["texts", "a number", "too many", "an odd price"],
)
def test_variants_that_cannot_be_read_are_a_reason(variants: object, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^'variants") as refused:
        build({"title": "Hat", "variants": variants}, **OF_VARIANTS)
    assert str(refused.value) == reason


def test_the_version_of_grouped_rows_is_the_latest_of_them() -> None:
    fields = FIELDS.model_copy(update={"version": "updated", "group": "handle"})
    rows: list[Row] = [{"updated": [3, 9, 5]}, {"updated": ["2026-01-02", "2026-03-01"]}, {"updated": 4}, {}]
    assert [document.version(row, fields) for row in rows] == [9, 1_772_323_200_000_000, 4, 0]


def test_a_code_that_is_a_number_is_found_as_it_is_printed() -> None:
    assert build({"sku": 4006381333931}).codes == ("4006381333931",)


def test_of_a_200_kb_description_the_first_20_000_characters_are_searched_and_all_is_kept() -> None:
    row = {"title": "dress", "description": "warm wool " * 20_000}
    built = build(row)
    assert built.text["text"]["en"].split().count("wool") == 2_000
    assert built.row == row


def test_a_long_description_does_not_push_the_brand_behind_it_out() -> None:
    row = {"title": "dress", "description": "warm wool " * 20_000, "brand": "Borealis"}
    assert build(row).text["text"]["en"].endswith(" boreali")


def test_a_product_that_is_nothing_but_text_takes_less_than_two_seconds() -> None:
    row = {f"attr_{number}": "a1-b2 哈哈 x" * 2_000 for number in range(250)}
    started = time.perf_counter()
    build(row, text=("attr_*",))
    assert time.perf_counter() - started < 2


def test_a_thousand_attributes_are_stored_and_cost_nothing() -> None:
    """Fault 64."""
    row = {"title": "dress"} | {f"attr_{number}": f"value {number}" for number in range(1_000)}
    assert build(row).text["text"] == {"en": "dress"}
    assert len(build(row, text=("attr_*",)).text["text"]["en"].split()) == 2_001


def test_a_text_leg_reads_its_fields_in_order_as_one_line() -> None:
    leg = Leg("words", 4, "f", reads=("title", "description"))
    assert document.leg_text({"description": "Light\n cotton", "title": " Red "}, leg) == "Red Light cotton"
    assert document.leg_text({"other": "x"}, leg) == ""
    assert len(document.leg_text({"title": "x " * 9_000}, leg)) == document.LEG_TEXT_LIMIT


def test_pictures_come_in_the_rows_order() -> None:
    assert document.pictures({"image": ["b.jpg", None, " a.jpg "]}, FIELDS) == ("b.jpg", "a.jpg")
    assert document.pictures({"image": "a.jpg"}, FIELDS.model_copy(update={"image": None})) == ()
    two = FIELDS.model_copy(update={"image": ("image", "more")})
    assert document.pictures({"more": ["b.jpg", "a.jpg"], "image": "a.jpg"}, two) == ("a.jpg", "b.jpg")


def test_the_row_and_the_vectors_are_passed_on_and_not_touched() -> None:
    row, vectors = {"title": "Dress", "brand": ["Acme"]}, {"image": Vector([1, 0])}
    built = document.build(Product("1", row, "here", routing="eu"), Schema(FIELDS), vectors)
    assert row == {"title": "Dress", "brand": ["Acme"]}
    assert (built.row, built.vectors, built.routing) == (row, vectors, "eu")


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (7, 7),
        ("7", 7),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T01:00:01+01:00", 1_000_000),
        ("1970-01-01 00:00:00.000002", 2),
        ("1970-01-02", 86_400_000_000),
        (None, 0),
        ("", 0),
    ],
)
def test_a_version_is_a_number_or_a_date(value: Any, version: int) -> None:
    assert document.version({"at": value}, Fields(title="title", version="at")) == version


@pytest.mark.parametrize("value", [True, -1, 1.5, "soon", "1969-01-01", 2**62, [1, 2]])
def test_what_is_no_version_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"'at' is .*, expected a whole number or a date"):
        document.version({"at": value}, Fields(title="title", version="at"))


def test_a_product_that_lists_no_variants_is_its_only_one() -> None:
    """Simple products stand beside those with variants in a catalogue; an own list of variants says it all."""
    fields = Fields(
        title="title",
        codes=("variants.sku",),
        facets=("variants.attrs.color",),
        numbers=("variants.price",),
        languages=("en",),
    )
    row: dict[str, Any] = {"id": "1", "title": "Hat", "price": 5, "sku": "H-1", "attrs": {"color": "green"}}
    built = document.build(Product("1", row, "shop:1"), Schema(fields), {})
    assert built.variants == ({"facets": {"variants.attrs.color": ("green",)}, "numbers": {"variants.price": 5.0}},)
    assert built.codes == ("h1",)
    assert "green" in built.text["text"]["en"]
    assert built.row == row
    listed = {**row, "variants": [{"price": 9}]}
    built = document.build(Product("1", listed, "shop:1"), Schema(fields), {})
    assert built.variants == ({"numbers": {"variants.price": 9.0}},)
    assert built.codes == ()
